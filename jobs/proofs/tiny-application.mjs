/* The smallest application of a test: it listens where it is told, and answers from the database that it is told of. */
import { createServer } from "node:http";
import { createConnection } from "mariadb";

const { HOLDFAST_COPY_SOCKET, HOLDFAST_COPY_USER, HOLDFAST_COPY_PASSWORD, PORT, DSN_OF_THE_COPY } = process.env;

async function countBlobs() {
  const connection = await createConnection({
    socketPath: HOLDFAST_COPY_SOCKET,
    user: HOLDFAST_COPY_USER,
    password: HOLDFAST_COPY_PASSWORD,
  });
  const [row] = await connection.query("SELECT COUNT(*) AS n FROM zoo.blobs");
  await connection.end();
  return `blobs: ${row.n}`;
}

/** Any other variable that names a database, a key or this product would be the runner's. */
function describeEnvironment() {
  const own = [
    "HOLDFAST_COPY_HOST",
    "HOLDFAST_COPY_PORT",
    "HOLDFAST_COPY_SOCKET",
    "HOLDFAST_COPY_USER",
    "HOLDFAST_COPY_PASSWORD",
  ];
  const foreign = Object.keys(process.env).filter(
    (name) => /HOLDFAST|DATABASE|PROOFS|AWS|VITEST/.test(name) && !own.includes(name),
  );
  const isTold = DSN_OF_THE_COPY?.startsWith("mysql://root@127.0.0.1:") && process.argv[2] === PORT;
  return foreign.length === 0 && isTold ? "nothing of the runner" : `of the runner: ${foreign.join(" ")}`;
}

createServer((request, response) => {
  const answer = request.url === "/blobs" ? countBlobs() : Promise.resolve(describeEnvironment());
  answer.then(
    (text) => response.end(text),
    () => response.writeHead(500).end(),
  );
}).listen(Number(PORT), "127.0.0.1");
