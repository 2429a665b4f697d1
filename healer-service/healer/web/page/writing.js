/**
 * A field for what the reader writes. Nothing of it is cut: where it is too long to be sent, that is told.
 */

import { h } from "./dom.js";

const MOST = 1000; // characters that the API takes
const NEAR = 900; // from here on they are counted

const count = (text) => [...text.trim()].length;
const counted = (text) => `${count(text).toLocaleString("en")} of ${MOST.toLocaleString("en")} characters`;

export const long = (text) => count(text) > NEAR;

/** Why this cannot be sent, or "". */
export const tooLong = (text) => (count(text) > MOST ? `${counted(text)}: make it shorter.` : "");

/** `text`: what it holds, for when it is made; `oninput` has it described again where that is `long`. */
export function writing(label, { name, ...attributes }, text, oninput) {
	return [
		h("label", { key: "label", for: name }, label),
		h("textarea", { key: "field", id: name, name, ...attributes, oninput }, text),
		long(text) && h("p.dim", { key: "counted" }, counted(text)),
	];
}
