// Runs the Azurite that the first argument names, and at its end deletes the working
// folder, which is temporary.
const fs = require("fs");
const home = process.cwd();
process.on("exit", () => {
  process.chdir("/");
  fs.rmSync(home, { recursive: true, force: true });
});
require(process.argv[1]);
