// The Solidity compiler of npm (WebAssembly, pinned in package.json) behind the command line that
// Foundry and finial-evm speak: `--version`, and `--standard-json` from standard input.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const solc = createRequire(import.meta.url)("solc");
const args = process.argv.slice(2);

if (args.includes("--version")) {
  console.log("solc, the solidity compiler commandline interface");
  console.log(`Version: ${solc.version().replace(".Emscripten.clang", ".Linux.g++")}`);
} else if (args.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  console.error(`scripts/solc: only --version and --standard-json are supported, got: ${args.join(" ")}`);
  process.exit(2);
}
