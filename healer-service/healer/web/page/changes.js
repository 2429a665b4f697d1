/**
 * Reads a unified diff: its files, their lines, and in lines that were changed the part that differs. It shows nothing.
 */

const GIT = "diff --git ";
const SAME_NAME = /^diff --git "?a\/(.+?)"? "?b\/\1"?$/; // a file that gets another one says so in lines of their own
const OTHER_NAME = /^(?:rename|copy) to (.+)/;
const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const WORD = /\w/;
const ALIKE = 0.4; // of the longer line must be the same: otherwise it is another line, and all of it is new

/**
 * → [{file, lines: [{class: "add" | "del" | "same" | "hunk", old, new, sign, text, changed, side}]}]. A "hunk" is a line about the
 * change: where it is, that the file is renamed, binary or has another mode, or that a line has no end, then with its `side`.
 */
export function parse(text) {
	const files = [];
	let file = null;
	let left = { old: 0, new: 0 }; // lines the hunk still has: a removed line "-- x" looks like a header otherwise
	let at = { old: 0, new: 0 };
	for (const line of String(text).split("\n")) {
		const hunk = HUNK.exec(line);
		if (left.old > 0 || left.new > 0 || (file && line[0] === "\\")) {
			file.lines.push(inHunk(line, at, left, file.lines.at(-1)));
		} else if (line.startsWith(GIT)) {
			files.push((file = { file: SAME_NAME.exec(line)?.[1] ?? line.slice(GIT.length), lines: [], begun: true }));
		} else if (line.startsWith("--- ")) {
			if (!file?.begun) files.push((file = { lines: [] }));
			Object.assign(file, { file: named(line), begun: false });
		} else if (!file) continue;
		else if (line.startsWith("+++ ")) file.file = line.startsWith("+++ /dev/null") ? file.file : named(line);
		else if (hunk) {
			at = { old: Number(hunk[1]), new: Number(hunk[3]) };
			left = { old: Number(hunk[2] ?? 1), new: Number(hunk[4] ?? 1) };
			file.lines.push({ class: "hunk", sign: " ", text: line });
		} else if (line && !line.startsWith("index ")) {
			file.file = OTHER_NAME.exec(line)?.[1] ?? file.file;
			file.lines.push({ class: "hunk", sign: " ", text: line });
		}
	}
	for (const { lines } of files) for (const [one, other] of pairs(lines)) mark(one, other);
	return files;
}

const named = (line) =>
	line
		.slice(4)
		.split("\t")[0]
		.replace(/^[ab]\//, "");

function inHunk(line, at, left, before) {
	if (line[0] === "\\") return { class: "hunk", sign: " ", text: line.slice(2), side: sideOf(before) };
	const kind = { "+": "add", "-": "del" }[line[0]] ?? "same";
	const entry = { class: kind, sign: line[0] ?? " ", text: line.slice(1) };
	for (const side of { same: ["old", "new"], add: ["new"], del: ["old"] }[kind]) {
		entry[side] = at[side]++;
		left[side] -= 1;
	}
	return entry;
}

const sideOf = (line) => line?.side ?? { add: "new", del: "old" }[line?.class];

/** Lines as two sides, [old, new] each; null where the other side has none. What was removed stands beside what was added. */
export function pairs(lines) {
	const rows = [];
	let waiting = 0; // lines of the old side at the end of `rows` that have nothing beside them yet
	for (const line of lines) {
		const side = sideOf(line);
		if (side === "new" && waiting > 0) rows[rows.length - waiting--][1] = line;
		else rows.push(side === "new" ? [null, line] : side === "old" ? [line, null] : [line, line]);
		if (side === "old") waiting += 1;
		else if (side !== "new") waiting = 0;
	}
	return rows;
}

function mark(old, now) {
	if (old?.class !== "del" || now?.class !== "add") return;
	const [one, other] = [old.text, now.text];
	const shorter = Math.min(one.length, other.length);
	let start = 0;
	while (start < shorter && one[start] === other[start]) start += 1;
	let end = 0;
	while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
	if (start + end < ALIKE * Math.max(one.length, other.length)) return;
	while (start > 0 && WORD.test(one[start - 1])) start -= 1; // whole words
	while (end > 0 && WORD.test(one.at(-end))) end -= 1;
	if (one.length > start + end) old.changed = [start, one.length - end];
	if (other.length > start + end) now.changed = [start, other.length - end];
}
