/** Where a person's choice of time zone is kept: the server must write the same text as the browser. */
export const ZONE_COOKIE_NAME = "holdfast-zone";
