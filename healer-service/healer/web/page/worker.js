/**
 * The worker that all tabs share: a browser allows six connections to a server over HTTP/1.1, and a stream is one of them.
 */

import { Hub } from "./hub.js";

const hub = new Hub();
self.onconnect = ({ ports: [port] }) => hub.join(port);
