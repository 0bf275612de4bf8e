/** The master's end of the sockets: Netty channels that carry frames. */
@NullMarked
package dev.forkyard.transport;

import org.jspecify.annotations.NullMarked;
