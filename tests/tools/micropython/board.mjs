// A board: takes a `type: file` firmware, writes its files into flash, starts boot.py and main.py.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const { type, files } = JSON.parse(readFileSync(process.argv[2], "utf8"));
if (type !== "file") throw new Error(`a board cannot install ${type}`);
const board = await loadMicroPython({ stdout: (line) => console.log(line), linebuffer: true });
for (const { name, data, encoding, sha256 } of files) {
  const bytes = Buffer.from(data, encoding ?? "utf8");
  if (createHash("sha256").update(bytes).digest("hex") !== sha256) throw new Error(`${name} is damaged`);
  name.split("/").slice(0, -1).reduce((parent, part) => {
    const folder = `${parent}/${part}`;
    if (!board.FS.analyzePath(folder).exists) board.FS.mkdir(folder);
    return folder;
  }, "");
  board.FS.writeFile(`/${name}`, bytes);
}
board.runPython("import sys\nsys.path.append('/')\n");
for (const starter of ["boot", "main"]) {
  if (files.some(({ name }) => name === `${starter}.py`)) await board.runPythonAsync(`import ${starter}`);
}
