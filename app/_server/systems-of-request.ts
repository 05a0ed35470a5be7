import "server-only";
import { cache } from "react";
import { listSystems } from "@/lib/systems";
import { requestCtx } from "./ctx";

/** The systems as they are for the request that is being answered: shell and page ask once together. */
export const systemsOfRequest = cache(async () => listSystems(await requestCtx()));
