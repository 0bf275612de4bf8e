package dev.forkyard.worker;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * How jobs of a handler are to be run where they are submitted without options, as its author knows
 * best: {@code @JobDefaults(timeoutMillis = 30_000, retries = 1)}. What is left out here is as the
 * pool's default options say. Options that are given with a job, or to the pool's builder for this
 * handler, take the place of all of it. Subclasses of the handler inherit it.
 *
 * <p>The program that submits reads it, so it counts for handlers that this program has: the
 * command line, which runs handlers by their names, does without. The first submit refuses values
 * that {@code JobOptions} would refuse, with the handler's name.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface JobDefaults {

  /** How long each attempt may run before its worker is killed; 0: as the pool says. */
  long timeoutMillis() default 0;

  /** How long each attempt may run before it is asked to stop; 0: as the pool says. */
  long softTimeoutMillis() default 0;

  /** How long each attempt may run without progress; 0: as the pool says. */
  long stallTimeoutMillis() default 0;

  /** How long a job may wait for a worker; 0: as the pool says. */
  long queueTimeoutMillis() default 0;

  /** How often a job is run again whose worker died; negative: as the pool says. */
  int retries() default -1;

  /** How urgent jobs are, from -10 to 10; the least integer: as the pool says. */
  int priority() default Integer.MIN_VALUE;

  /** For whom jobs are, where several share one pool; empty: as the pool says. */
  String label() default "";
}
