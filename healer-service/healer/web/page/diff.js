/**
 * Reads a unified diff and shows it file by file with line numbers. It makes no diffs.
 */

import { h } from "./dom.js";
import { source } from "./parts.js";

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const MOST_LINES = 2000;

/** → [{file, lines: [{class: "add" | "del" | "same" | "hunk", old, new, sign, text}]}] */
export function parse(text) {
	const files = [];
	let file = null;
	let left = { old: 0, new: 0 }; // lines the hunk still has: a removed line "-- x" looks like a header otherwise
	let at = { old: 0, new: 0 };
	for (const line of String(text).split("\n")) {
		const hunk = HUNK.exec(line);
		if (left.old > 0 || left.new > 0) file.lines.push(inHunk(line, at, left));
		else if (line.startsWith("--- ")) files.push((file = { file: named(line), lines: [] }));
		else if (!file) continue;
		else if (line.startsWith("+++ ") && !line.startsWith("+++ /dev/null")) file.file = named(line);
		else if (hunk) {
			at = { old: Number(hunk[1]), new: Number(hunk[3]) };
			left = { old: Number(hunk[2] ?? 1), new: Number(hunk[4] ?? 1) };
			file.lines.push({ class: "hunk", sign: " ", text: line });
		}
	}
	return files;
}

const named = (line) =>
	line
		.slice(4)
		.split("\t")[0]
		.replace(/^[ab]\//, "");

function inHunk(line, at, left) {
	if (line[0] === "\\") return { class: "hunk", sign: " ", text: line.slice(2) };
	const kind = { "+": "add", "-": "del" }[line[0]] ?? "same";
	const entry = { class: kind, sign: line[0] ?? " ", text: line.slice(1) };
	for (const side of { same: ["old", "new"], add: ["new"], del: ["old"] }[kind]) {
		entry[side] = at[side]++;
		left[side] -= 1;
	}
	return entry;
}

export function diff(text) {
	return parse(text).map(({ file, lines }) => {
		const count = (kind) => lines.filter((line) => line.class === kind).length;
		return h(
			"details",
			{ key: `diff ${file}`, open: lines.length < 300 },
			h("summary", h("code", file), h("span.good", `+${count("add")}`), h("span.bad", `−${count("del")}`)),
			source(`Change of ${file}`, lines.slice(0, MOST_LINES), file.endsWith(".py")),
			lines.length > MOST_LINES && h("p.dim", `${lines.length - MOST_LINES} more lines not shown`),
		);
	});
}
