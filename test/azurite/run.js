// Runs the Azurite that the first argument names, and ends it when its standard
// input closes: that happens when the process that started it closes it or dies,
// however it dies. The working folder is a temporary one and goes as well.
const fs = require("fs");
const home = process.cwd();
process.on("exit", () => {
  process.chdir("/");
  fs.rmSync(home, { recursive: true, force: true });
});
process.stdin.on("close", () => process.exit(0)).resume();
require(process.argv[1]);
