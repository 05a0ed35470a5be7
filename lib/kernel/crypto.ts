import {
  type KeyObject,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from "node:crypto";

/** SHA-256 as lower-case hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** A new Ed25519 key pair (RFC 8032) as PEM: PKCS#8 and SPKI, which `openssl pkeyutl -rawin` reads. */
export function newSigningKey(): { privatePem: string; publicPem: string } {
  const pair = generateKeyPairSync("ed25519");
  return {
    privatePem: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicPem: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** The public half of a private key in PEM. */
export function publicKeyOf(privatePem: string): string {
  return createPublicKey(createPrivateKey(privatePem)).export({ type: "spki", format: "pem" }).toString();
}

/** 64 bytes of an Ed25519 signature over the data as they are. */
export function signBytes(privatePem: string, data: Uint8Array): Buffer {
  return sign(null, data, createPrivateKey(privatePem));
}

/** Whether a signature fits. A key that cannot be read fits none. */
export function isSignatureValid(publicPem: string, data: Uint8Array, signature: Uint8Array): boolean {
  const key = readPublicKey(publicPem);
  return key !== null && verify(null, data, key, signature);
}

function readPublicKey(pem: string): KeyObject | null {
  try {
    return createPublicKey(pem);
  } catch {
    return null; // the parser's error is the answer
  }
}

/** HMAC-SHA256 (RFC 2104) as lower-case hexadecimal. */
export function signHmac(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}
