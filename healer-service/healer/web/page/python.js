/**
 * Colours one line of Python and marks a part of any line. It knows no state across lines: the middle of a long docstring stays
 * plain.
 */

import { h } from "./dom.js";

const KEYWORDS =
	"and|as|assert|async|await|break|class|continue|def|del|elif|else|except|False|finally|for|from|global|if|import|in|is|lambda|" +
	"None|nonlocal|not|or|pass|raise|return|True|try|while|with|yield";
const TOKEN = new RegExp(
	`(?<comment>#.*)|(?<string>[rbfu]{0,2}(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\\\.|[^"\\\\])*"|'(?:\\\\.|[^'\\\\])*'))` +
		`|(?<keyword>\\b(?:${KEYWORDS})\\b)|(?<number>\\b\\d[\\d_.]*\\b)`,
	"g",
);
const LONG = 400; // characters: data, not code

/** [text, kind] of each piece; kind is "" for what is none. */
function pieces(line) {
	const found = [];
	let end = 0;
	for (const match of line.matchAll(TOKEN)) {
		const [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined);
		found.push([line.slice(end, match.index), ""], [match[0], kind]);
		end = match.index + match[0].length;
	}
	return [...found, [line.slice(end), ""]];
}

const shown = (text, kind) => (kind && text ? h(`span.${kind}`, text) : text);

/** `changed`: [from, to] of the part to mark; `python`: whether to colour it. */
export function coloured(line, changed = null, python = true) {
	const found = python && line.length <= LONG ? pieces(line) : [[line, ""]];
	if (!changed) return found.map(([text, kind]) => shown(text, kind));
	const [from, to] = changed;
	const parts = { before: [], within: [], after: [] };
	let at = 0;
	for (const [text, kind] of found) {
		const [start, stop] = [from - at, to - at].map((place) => Math.min(Math.max(place, 0), text.length));
		parts.before.push(shown(text.slice(0, start), kind));
		parts.within.push(shown(text.slice(start, stop), kind));
		parts.after.push(shown(text.slice(stop), kind));
		at += text.length;
	}
	return [parts.before, h("span.changed", parts.within), parts.after];
}
