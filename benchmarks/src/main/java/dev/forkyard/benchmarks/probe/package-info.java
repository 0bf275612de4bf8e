/**
 * The limit probe: what a master and its workers can exchange at most, without a pool, handlers or
 * futures. What the pool adds to it is the number to drive down.
 */
@NullMarked
package dev.forkyard.benchmarks.probe;

import org.jspecify.annotations.NullMarked;
