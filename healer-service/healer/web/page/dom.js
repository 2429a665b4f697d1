/**
 * Draws a description of elements into the document and later changes only what differs.
 *
 * A node that still fits is kept, so scroll, selection, focus and parts the reader opened survive an update. Text only ever
 * becomes text nodes: there is no way here to parse HTML.
 */

const SVG = "http://www.w3.org/2000/svg";
const shown = new WeakMap(); // node → the description it shows

// Characters that reorder or hide text (bidi controls, zero-width, fillers, tags, control codes): a reviewer must see them.
const UNSEEN = /(?!\t|\n|\r\n|\r$)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
// In prose joiners stay, because scripts and emoji need them, and what makes a sign an emoji.
const WRITTEN = /[\u200c\u200d]|(?<=\p{Extended_Pictographic})\ufe0f/u;
const UNSEEN_IN_PROSE = new RegExp(`(?!${WRITTEN.source})${UNSEEN.source}`, "gu");
const EXACT = ["code", "pre"]; // elements in which every character counts

const spelled = (char) => `⟨U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** `exact`: for code and values, where nothing unseen is needed. */
export function visible(text, exact = false) {
	return text.replace(exact ? UNSEEN : UNSEEN_IN_PROSE, spelled);
}

/**
 * Describes an element: h("p.dim", {title: "…"}, "text", h("code", "x")). The properties may be left out. `key` tells siblings
 * apart; `on…` are functions; children that are false, null, undefined or "" are left out. What is in an "svg" is drawn.
 */
export function h(name, ...rest) {
	const given = rest[0]?.constructor === Object && !rest[0].tag;
	const [tag, ...classes] = name.split(".");
	const props = { ...(given && rest[0]), ...(classes.length && { class: classes.join(" ") }) };
	return { tag, props, key: props.key, children: flat(given ? rest.slice(1) : rest) };
}

/** Makes the children of `parent` what is described, keeping every node that still fits. */
export function render(parent, children) {
	reconcile(parent, flat([children]), false);
}

function flat(children) {
	return children
		.flat(Infinity)
		.filter((child) => child !== null && child !== undefined && child !== false && child !== "")
		.map((child) => (typeof child === "object" ? child : String(child)));
}

function reconcile(parent, wanted, exact) {
	const keyed = new Map();
	const loose = [];
	for (const node of parent.childNodes) {
		const key = shown.get(node)?.key;
		if (key === undefined || keyed.has(key)) loose.push(node);
		else keyed.set(key, node);
	}
	const kept = wanted.map((child) => claim(child, keyed, loose));
	for (const node of [...keyed.values(), ...loose]) node.remove();
	// What is gone was removed first: an element that only moved up because of it is not moved in the document.
	let cursor = parent.firstChild;
	wanted.forEach((child, index) => {
		const node = kept[index] ?? create(child, parent);
		if (node === cursor) cursor = cursor.nextSibling;
		else parent.insertBefore(node, cursor);
		update(node, child, exact);
	});
}

function claim(child, keyed, loose) {
	const node = child.key === undefined ? undefined : keyed.get(child.key);
	if (node) keyed.delete(child.key);
	if (node && node.localName === child.tag) return node;
	if (node) loose.push(node);
	const at = loose.findIndex((one) => one.localName === child.tag && shown.get(one)?.key === child.key);
	return at < 0 ? null : loose.splice(at, 1)[0];
}

function create(child, parent) {
	if (typeof child === "string") return document.createTextNode("");
	const drawn = child.tag === "svg" || parent.namespaceURI === SVG;
	return drawn ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
}

function update(node, child, exact) {
	if (typeof child === "string") {
		write(node, visible(child, exact));
		return;
	}
	if (shown.get(node) === child) return;
	const before = shown.get(node)?.props ?? {};
	shown.set(node, child);
	for (const name of Object.keys({ ...before, ...child.props })) {
		if (name !== "key" && before[name] !== child.props[name]) assign(node, name, child.props[name]);
	}
	reconcile(node, child.children, exact || EXACT.includes(child.tag));
}

/** What grows at its end keeps the reader's selection: only another text is written anew. */
function write(node, text) {
	if (text.startsWith(node.data)) {
		if (text.length > node.length) node.appendData(text.slice(node.length));
	} else node.data = text;
}

// Compared with what was described before, not with the element: what the reader changed (an opened part) is left alone.
function assign(element, name, value) {
	if (name.startsWith("on")) element[name] = value ?? null;
	else if (value === null || value === undefined || value === false) element.removeAttribute(name);
	else if (name !== "href") element.setAttribute(name, value === true ? "" : visible(String(value)));
	else if (/^(https?:\/\/|[/#])/i.test(value)) element.setAttribute(name, value);
	else element.removeAttribute(name); // a foreign address must not run: javascript:, data:
}
