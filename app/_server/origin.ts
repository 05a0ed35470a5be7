import type { Origin } from "@/lib/db/context";

/**
 * Where a request came from. The server listens on loopback alone, so whoever reaches it is this machine or a proxy on
 * it; of `x-forwarded-for` only the last address is the proxy's own word, the others are the client's.
 */
export function originOf(headers: Pick<Headers, "get">): Origin {
  const forwarded = headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  return { ipAddress: forwarded || undefined, userAgent: headers.get("user-agent") ?? undefined };
}

/** Whether the browser speaks TLS with the proxy before us: only then may a cookie ask for it. */
export function isSecure(headers: Pick<Headers, "get">): boolean {
  return headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim() === "https";
}

/**
 * Whether a request that changes something was made by our own pages. Browsers say so in `sec-fetch-site`; older ones
 * at least name the page's origin.
 */
export function isSameOrigin(headers: Pick<Headers, "get">): boolean {
  const site = headers.get("sec-fetch-site");
  if (site) return site === "same-origin";
  const origin = headers.get("origin");
  if (!origin || !URL.canParse(origin)) return false;
  return new URL(origin).host === (headers.get("x-forwarded-host") ?? headers.get("host"));
}
