/**
 * Colours one line of Python. It knows no state across lines: the middle of a long docstring stays plain.
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

export function coloured(line) {
	if (line.length > 400) return line; // data, not code
	const parts = [];
	let end = 0;
	for (const match of line.matchAll(TOKEN)) {
		const [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined);
		parts.push(line.slice(end, match.index), h(`span.${kind}`, match[0]));
		end = match.index + match[0].length;
	}
	return [...parts, line.slice(end)];
}
