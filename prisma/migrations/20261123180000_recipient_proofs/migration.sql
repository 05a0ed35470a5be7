-- Whether the holder of a recipient's private key has shown that it opens what is encrypted to it.
CREATE TABLE "recipient_proofs" (
    "recipient" TEXT NOT NULL,
    "word_digest" TEXT NOT NULL,
    "asked_at" TIMESTAMPTZ(3) NOT NULL,
    "proven_at" TIMESTAMPTZ(3),
    "proven_by" TEXT,

    CONSTRAINT "recipient_proofs_pkey" PRIMARY KEY ("recipient")
);
