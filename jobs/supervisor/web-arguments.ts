/** The pages, on loopback alone: a reverse proxy with TLS stands before them where others reach them. */
export function webArguments(port: number): string[] {
  return ["node_modules/next/dist/bin/next", "start", "--hostname", "127.0.0.1", "--port", String(port)];
}
