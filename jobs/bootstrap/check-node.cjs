// Read by any Node: no new syntax in this file.
"use strict";

var NEEDED = [20, 19];

/** Why this Node cannot start Holdfast; null when it can. The work itself is done by the Node 24 of node_modules. */
function refuseOldNode(version) {
  var parts = version.split(".").map(Number);
  var isNew = parts[0] > NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1]);
  if (isNew) return null;
  return "Holdfast needs Node >= " + NEEDED.join(".") + ", this is " + parts[0] + "." + parts[1] + ".";
}

module.exports = { refuseOldNode: refuseOldNode };
