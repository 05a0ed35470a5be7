import { passBytes } from "../../../shared/reader/pass-bytes.ts";
import { StreamEnd } from "./stream-end.ts";

/* Stands behind mariadb-backup: passes the files on, measures them, and sees that they are whole. */

passBytes(new StreamEnd());
