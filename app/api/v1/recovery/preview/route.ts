import { route } from "@/app/_server/route";
import { previewRestore } from "@/lib/recovery";
import type { PreviewRestoreInput } from "@/lib/recovery/schemas";

export const GET = route(previewRestore, ({ query }) => query as PreviewRestoreInput);
