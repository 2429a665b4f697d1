/**
 * Draws a description of elements into the document and later changes only what differs.
 *
 * A node that still fits is kept, so scroll, selection, focus and parts the reader opened survive an update. Text only ever
 * becomes text nodes: there is no way here to parse HTML.
 */

const shown = new WeakMap(); // node → the description it shows

// Characters that reorder or hide text (bidi controls, zero-width, tags, control codes): a reviewer must see them. Joiners
// stay, because scripts and emoji need them.
const UNSEEN = /(?![\t\n\u200c\u200d]|\r\n|\r$)[\p{Cc}\p{Cf}\u2028\u2029]/gu;

export function visible(text) {
	return text.replace(UNSEEN, (char) => `⟨U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/**
 * Describes an element: h("p.dim", {title: "…"}, "text", h("code", "x")). The properties may be left out. `key` tells siblings
 * apart; `on…` are functions; children that are false, null, undefined or "" are left out.
 */
export function h(name, ...rest) {
	const given = rest[0]?.constructor === Object && !rest[0].tag;
	const [tag, ...classes] = name.split(".");
	const props = { ...(given && rest[0]), ...(classes.length && { class: classes.join(" ") }) };
	return { tag, props, key: props.key, children: flat(given ? rest.slice(1) : rest) };
}

/** Makes the children of `parent` what is described, keeping every node that still fits. */
export function render(parent, children) {
	reconcile(parent, flat([children]));
}

function flat(children) {
	return children
		.flat(Infinity)
		.filter((child) => child !== null && child !== undefined && child !== false && child !== "")
		.map((child) => (typeof child === "object" ? child : visible(String(child))));
}

function reconcile(parent, wanted) {
	const keyed = new Map();
	const loose = [];
	for (const node of parent.childNodes) {
		const key = shown.get(node)?.key;
		if (key === undefined) loose.push(node);
		else keyed.set(key, node);
	}
	const kept = wanted.map((child) => claim(child, keyed, loose));
	for (const node of [...keyed.values(), ...loose]) node.remove();
	// What is gone was removed first: an element that only moved up because of it is not moved in the document.
	let cursor = parent.firstChild;
	wanted.forEach((child, index) => {
		const node = kept[index] ?? create(child);
		if (node === cursor) cursor = cursor.nextSibling;
		else parent.insertBefore(node, cursor);
		update(node, child);
	});
}

function claim(child, keyed, loose) {
	if (child.key !== undefined) {
		const node = keyed.get(child.key);
		if (node?.localName !== child.tag) return null;
		keyed.delete(child.key);
		return node;
	}
	const at = loose.findIndex((node) => node.localName === child.tag);
	return at < 0 ? null : loose.splice(at, 1)[0];
}

function create(child) {
	return typeof child === "string" ? document.createTextNode(child) : document.createElement(child.tag);
}

function update(node, child) {
	if (typeof child === "string") {
		if (node.data !== child) node.data = child;
		return;
	}
	if (shown.get(node) === child) return;
	const before = shown.get(node)?.props ?? {};
	shown.set(node, child);
	for (const name of Object.keys({ ...before, ...child.props })) {
		if (name !== "key" && before[name] !== child.props[name]) assign(node, name, child.props[name]);
	}
	reconcile(node, child.children);
}

// Compared with what was described before, not with the element: what the reader changed (an opened part) is left alone.
function assign(element, name, value) {
	if (name.startsWith("on")) element[name] = value ?? null;
	else if (value === null || value === undefined || value === false) element.removeAttribute(name);
	else if (name !== "href") element.setAttribute(name, value === true ? "" : visible(String(value)));
	else if (/^(https?:\/\/|[/#])/i.test(value)) element.setAttribute(name, value);
	else element.removeAttribute(name); // a foreign address must not run: javascript:, data:
}
