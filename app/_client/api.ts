import { synchronizeClock } from "@/components/patterns/clock";
import { leaveTo } from "./leave-to";

/** An answer that is not the one asked for, as the API words it. */
export class ApiError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;

  constructor(
    readonly status: number,
    { code, message, hint, requestId }: ErrorBody,
  ) {
    super(message ?? `the console answered ${status}`);
    this.name = "ApiError";
    this.code = code ?? "INTERNAL";
    this.hint = hint;
    this.requestId = requestId;
  }
}

interface ErrorBody {
  code?: string;
  message?: string;
  hint?: string;
  requestId?: string;
}

const UNREACHABLE: ErrorBody = {
  code: "UNREACHABLE",
  message: "the console does not answer",
  hint: "Is the connection up, and does the web server run?",
};

async function toApiError(response: Response): Promise<ApiError> {
  // A proxy in between may answer with a page instead of our JSON.
  const body = (await response.json().catch(() => ({}))) as { error?: ErrorBody };
  return new ApiError(response.status, body.error ?? {});
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, headers: { accept: "application/json", ...init.headers } }).catch(
    (cause: unknown) => {
      if (init.signal?.aborted) throw cause;
      throw new ApiError(0, UNREACHABLE);
    },
  );
  const now = Number(response.headers.get("x-now"));
  if (now > 0) synchronizeClock(now);
  if (response.status === 401) {
    // The session ended under an open page: sign in, and back here.
    leaveTo(`/sign-in?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
  }
  if (!response.ok) throw await toApiError(response);
  return (await response.json()) as T;
}

export function apiGet<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request<T>(path, signal ? { signal } : {});
}

/** For what must not queue behind another server action, such as an abort. */
export function apiPost<T>(path: string, body: Record<string, unknown> = {}): Promise<T> {
  return request<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** `/api/v1/runs?open=true`: leaves out what is not given. */
export function withQuery(path: string, query: Record<string, string | number | boolean | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  return search.size > 0 ? `${path}?${search}` : path;
}
