/** The one owner of all pool state. Plain Java: no lock, no thread, no clock, no I/O. */
@NullMarked
package dev.forkyard.pool.scheduler;

import org.jspecify.annotations.NullMarked;
