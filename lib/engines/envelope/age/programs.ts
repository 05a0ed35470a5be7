import { EngineError } from "@/lib/kernel/errors";
import type { ProgramOptions } from "@/lib/engines/shared/process";

export type Program = Pick<ProgramOptions, "program" | "args" | "hint" | "explain">;

interface Sign {
  pattern: RegExp;
  cause: string;
  hint: string;
}

const STORED_DAMAGED =
  "Compare the object's SHA-256 with its manifest; `repository repair` takes it from the other copy.";

const UNREADABLE = { cause: "it is no age file, or its head is damaged", hint: STORED_DAMAGED };

const AGE_SIGNS: readonly Sign[] = [
  {
    pattern: /no identity matched/,
    cause: "the key does not open it",
    hint: "Is identityFile the private key of one of the recipients that the manifest names?",
  },
  {
    pattern: /failed to decrypt and authenticate|failed to read nonce|unexpected EOF/,
    cause: "it is cut off or damaged",
    hint: STORED_DAMAGED,
  },
  { pattern: /failed to read header|parsing age header/, ...UNREADABLE },
  {
    pattern: /failed to open file|no such file|permission denied/,
    cause: "the identity file cannot be read",
    hint: "Is identityFile there, and may the user that runs Holdfast read it?",
  },
  {
    pattern: /unknown identity type|failed to read ".*": error at line|no secret keys found/,
    cause: "the identity file holds no key",
    hint: "identityFile must be what age-keygen wrote.",
  },
  {
    pattern: /malformed recipient|unknown recipient type|invalid recipient/,
    cause: "a recipient is not valid",
    hint: "Compare keys.recipients with the public keys that age-keygen printed.",
  },
];

const ZSTD_SIGNS: readonly Sign[] = [
  {
    pattern:
      /premature end|unexpected end of file|unsupported format|unknown header|Decoding error|Restored data|corrupt/i,
    cause: "it is cut off or damaged",
    hint: STORED_DAMAGED,
  },
];

/** Two threads cost no more CPU time than one, and keep ahead of a dump; more would only take memory. */
export function zstdPack(level: number): Program {
  return {
    program: "zstd",
    args: [`-${level}`, "-T2", "-q", "-c"],
    hint: "Look at the machine's memory and at the kernel's log.",
  };
}

export function zstdUnpack(): Program {
  return {
    program: "zstd",
    args: ["-d", "-q", "-c"],
    hint: STORED_DAMAGED,
    explain: explainBy(ZSTD_SIGNS, "unpack"),
  };
}

export function ageSeal(recipients: readonly string[]): Program {
  return {
    program: "age",
    args: ["-e", ...recipients.flatMap((recipient) => ["-r", recipient])],
    hint: "Compare keys.recipients with the public keys that age-keygen printed.",
    explain: explainBy(AGE_SIGNS, "pack"),
  };
}

export function ageOpen(identityFile: string): Program {
  return {
    program: "age",
    args: ["-d", "-i", identityFile],
    hint: STORED_DAMAGED,
    // Whatever else age says of a head that is damaged: the same bytes give the same answer again.
    explain: (stderr, exitCode) =>
      explainBy(AGE_SIGNS, "unpack")(stderr, exitCode) ??
      (exitCode === 1 && !/broken pipe/i.test(stderr) ? refused("unpack", UNREADABLE) : undefined),
  };
}

/** A recipient is public; what looks like anything else could be a secret and is not handed to a program. */
export function assertRecipients(recipients: readonly string[]): void {
  const index = recipients.findIndex((one) => !/^(age1[0-9a-z]+|ssh-(ed25519|rsa) [A-Za-z0-9+/=]+( .*)?)$/.test(one));
  if (index < 0) return;
  throw new EngineError(`recipient ${index + 1} is not a public key of age`, {
    engine: "envelope",
    operation: "pack",
    permanent: true,
    hint: "keys.recipients holds what age-keygen calls the public key: it begins with age1.",
  });
}

function explainBy(signs: readonly Sign[], operation: string): NonNullable<Program["explain"]> {
  return (stderr) => {
    const sign = signs.find(({ pattern }) => pattern.test(stderr));
    return sign && refused(operation, sign);
  };
}

function refused(operation: string, { cause, hint }: Omit<Sign, "pattern">): EngineError {
  return new EngineError(`cannot ${operation} the data: ${cause}`, {
    engine: "envelope",
    operation,
    permanent: true,
    hint,
  });
}
