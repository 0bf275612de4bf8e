package dev.forkyard.worker;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * SLF4J's mapped diagnostic context, where the handlers' class path has it: this module needs no
 * SLF4J, and is no reason to load it before a job brings something to put there.
 */
final class LogContext {

  private final @Nullable MethodHandle set;
  private final @Nullable MethodHandle clear;

  /** Looks for SLF4J where handlers are found. */
  LogContext(ClassLoader loader) {
    MethodHandle setter = null;
    MethodHandle clearer = null;
    try {
      Class<?> mdc = Class.forName("org.slf4j.MDC", true, loader);
      MethodHandles.Lookup lookup = MethodHandles.publicLookup();
      setter =
          lookup.findStatic(mdc, "setContextMap", MethodType.methodType(void.class, Map.class));
      clearer = lookup.findStatic(mdc, "clear", MethodType.methodType(void.class));
    } catch (ReflectiveOperationException | LinkageError none) {
      // Then nothing logs by it either.
    }
    this.set = setter;
    this.clear = clearer;
  }

  /** On the thread that logs. */
  void put(Map<String, String> context) throws Throwable {
    if (set != null) {
      set.invoke(context);
    }
  }

  /** Nothing of it is left for the next job. */
  void clear() {
    if (clear != null) {
      try {
        clear.invoke();
      } catch (Throwable ofItsBackEnd) {
        ofItsBackEnd.printStackTrace();
      }
    }
  }
}
