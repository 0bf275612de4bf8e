/**
 * The conversation between master and worker: its frames, their codec on {@link
 * java.nio.ByteBuffer}, and the scoreboard both map. Nothing here knows Netty, sockets or threads.
 */
@NullMarked
package dev.forkyard.protocol;

import org.jspecify.annotations.NullMarked;
