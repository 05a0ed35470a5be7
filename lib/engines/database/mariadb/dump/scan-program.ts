import { passBytes } from "../../../shared/reader/pass-bytes.ts";
import { DumpScanner } from "./scan-dump.ts";

/* Stands behind mariadb-dump: passes the dump on and says what it holds. */

passBytes(new DumpScanner());
