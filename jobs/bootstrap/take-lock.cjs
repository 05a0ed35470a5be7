"use strict";

const { createHash } = require("node:crypto");
const net = require("node:net");
const { ROOT } = require("./paths.cjs");

/** Runs `work` while no other process works on this clone. The kernel gives the lock back when a process dies. */
async function withLock(work, onWait) {
  const address = `\0holdfast:clone-${createHash("sha256").update(ROOT).digest("hex").slice(0, 32)}`;
  let server = await listen(address);
  if (!server) onWait();
  while (!server) {
    await holderGone(address);
    server = await listen(address);
  }
  try {
    return await work();
  } finally {
    server.giveBack();
  }
}

/** The lock, or null when another process holds it. */
function listen(address) {
  const waiters = new Set();
  const server = net.createServer((socket) => {
    waiters.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => waiters.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => (error.code === "EADDRINUSE" ? resolve(null) : reject(error)));
    server.listen(address, () => resolve({ giveBack }));
  });
  function giveBack() {
    server.close();
    for (const waiter of waiters) waiter.destroy();
  }
}

function holderGone(address) {
  return new Promise((resolve) => {
    const socket = net.connect(address).resume();
    socket.once("error", resolve);
    socket.once("close", resolve);
  });
}

module.exports = { withLock };
