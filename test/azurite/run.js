// Runs the Azurite that the first argument names until standard input closes: the
// process that started it has closed it, or has ended. Then it deletes the working
// folder, which is temporary.
const fs = require("fs");
const home = process.cwd();
process.on("exit", () => {
  process.chdir("/");
  fs.rmSync(home, { recursive: true, force: true });
});
process.stdin.on("close", () => process.exit(0)).resume();
require(process.argv[1]);
