/** Signs manifests with this installation's Ed25519 key. The public half stands in every repository's holdfast.json. */
export interface Signer {
  /** SPKI in PEM. */
  publicPem: string;
  /** 64 bytes over the data as they are (RFC 8032), as `openssl pkeyutl -verify -rawin` checks them. */
  sign(data: Uint8Array): Uint8Array;
}
