import { leaveTo } from "./leave-to";

/* next-auth's own form protocol: a token against forged posts, then the act. */

async function post(path: string, fields: Record<string, string>): Promise<{ url?: string }> {
  const token = (await (await fetch("/api/auth/csrf", { cache: "no-store" })).json()) as { csrfToken: string };
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ ...fields, csrfToken: token.csrfToken, json: "true" }),
  });
  return (await response.json().catch(() => ({}))) as { url?: string };
}

/** Signs in. @returns the code of the refusal, or null when it worked */
export async function signIn(email: string, password: string): Promise<string | null> {
  const { url } = await post("/api/auth/callback/credentials", { email, password, callbackUrl: "/" });
  if (!url) return "INTERNAL";
  return new URL(url, window.location.origin).searchParams.get("error");
}

/** Ends the session and leads to sign-in; nothing of the page stays in memory. */
export async function signOut(): Promise<void> {
  await post("/api/auth/signout", { callbackUrl: "/sign-in" });
  leaveTo("/sign-in");
}
