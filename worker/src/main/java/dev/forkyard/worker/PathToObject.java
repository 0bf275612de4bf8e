package dev.forkyard.worker;

import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds by which fields, elements and captured values one object holds another, as {@code
 * Report.rows[3].connection}. What can't be looked into, as the fields of the JDK's own classes, is
 * where the path ends.
 */
final class PathToObject {

  private static final int MAX_OBJECTS = 100_000;
  private static final int MAX_OPAQUE = 100;

  /** An object that was reached, from where, and by what. */
  private record Node(Object object, @Nullable Node from, String step) {

    String path() {
      StringBuilder path = new StringBuilder();
      for (Node node = this; node != null; node = node.from) {
        path.insert(0, node.step);
      }
      return path.toString();
    }
  }

  private final Object wanted;
  private final ArrayDeque<Node> ahead = new ArrayDeque<>();
  private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  /** What could not be looked into. */
  private final List<Node> opaque = new ArrayList<>();

  private @Nullable Node found;

  private PathToObject(Object wanted) {
    this.wanted = wanted;
  }

  /**
   * The shortest path from an object to the one that keeps it from being serialized, or as much of
   * it as can be told.
   *
   * @param className of that one, as was found
   * @return null if nothing is known
   */
  static @Nullable String find(Object root, String className) {
    Object wanted = lastWritten(root);
    return wanted != null && wanted.getClass().getName().equals(className)
        ? find(root, wanted)
        : null;
  }

  private static @Nullable String find(Object root, Object wanted) {
    PathToObject search = new PathToObject(wanted);
    search.reach(root, null, nameOf(root));
    while (search.found == null && !search.ahead.isEmpty() && search.seen.size() < MAX_OBJECTS) {
      search.lookInto(search.ahead.removeFirst());
    }
    String type = " (class " + wanted.getClass().getName() + ")";
    if (search.found != null) {
      return search.found.path() + type;
    }
    for (Node node : search.opaque.subList(0, Math.min(MAX_OPAQUE, search.opaque.size()))) {
      if (lastWritten(node.object) == wanted) {
        return node.path()
            + ", inside of "
            + node.object.getClass().getName()
            + " whose fields can't be read"
            + type;
      }
    }
    return null;
  }

  /** Writes an object to nowhere; what comes last is what can't be written. */
  private static @Nullable Object lastWritten(Object root) {
    try (Watching out = new Watching()) {
      try {
        out.writeObject(root);
      } catch (IOException | RuntimeException expected) {
        return out.last;
      }
      return null;
    } catch (IOException e) {
      return null;
    }
  }

  private static final class Watching extends ObjectOutputStream {

    private @Nullable Object last;
    private boolean failed;

    Watching() throws IOException {
      super(OutputStream.nullOutputStream());
      enableReplaceObject(true);
    }

    @Override
    protected Object replaceObject(Object object) {
      // What it failed of is written too.
      failed |= object instanceof NotSerializableException;
      last = failed ? last : object;
      return object;
    }
  }

  private static String nameOf(Object root) {
    SerializedLambda lambda = lambda(root);
    if (lambda != null) {
      String capturing = lambda.getCapturingClass();
      return "lambda in " + capturing.substring(capturing.lastIndexOf('/') + 1);
    }
    String name = root.getClass().getTypeName();
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private void reach(@Nullable Object object, @Nullable Node from, String step) {
    if (object == null || found != null || !seen.add(object)) {
      return;
    }
    Node node = new Node(object, from, step);
    if (object == wanted) {
      found = node;
    } else {
      ahead.addLast(node);
    }
  }

  private void lookInto(Node node) {
    Object object = node.object;
    Class<?> type = object.getClass();
    try {
      if (object instanceof Object[]) {
        for (int i = 0; i < Array.getLength(object); i++) {
          reach(Array.get(object, i), node, "[" + i + "]");
        }
      } else if (lambda(object) != null) {
        lookIntoLambda(node, lambda(object));
      } else if (isOfTheJdk(type) && object instanceof Collection<?> collection) {
        int i = 0;
        for (Object element : collection) {
          reach(element, node, "[" + i++ + "]");
        }
      } else if (isOfTheJdk(type) && object instanceof Map<?, ?> map) {
        int i = 0;
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          reach(entry.getKey(), node, ".key[" + i + "]");
          reach(entry.getValue(), node, ".value[" + i++ + "]");
        }
      } else {
        lookIntoFields(node);
      }
    } catch (RuntimeException changedMeanwhile) {
      opaque.add(node);
    }
  }

  /** A collection of the user's own may do anything when it is iterated. */
  private static boolean isOfTheJdk(Class<?> type) {
    return type.getClassLoader() == null;
  }

  private void lookIntoLambda(Node node, @Nullable SerializedLambda lambda) {
    for (int i = 0; lambda != null && i < lambda.getCapturedArgCount(); i++) {
      Object captured = lambda.getCapturedArg(i);
      boolean isThis =
          i == 0
              && captured != null
              && captured.getClass().getName().equals(lambda.getCapturingClass().replace('/', '.'));
      reach(captured, node, isThis ? ": this" : ": captured[" + i + "]");
    }
  }

  /** What it will be written as, if it is a lambda that serializes. */
  private static @Nullable SerializedLambda lambda(Object object) {
    if (!object.getClass().isSynthetic()) {
      return null;
    }
    try {
      Method writeReplace = object.getClass().getDeclaredMethod("writeReplace");
      writeReplace.setAccessible(true);
      return writeReplace.invoke(object) instanceof SerializedLambda lambda ? lambda : null;
    } catch (ReflectiveOperationException | RuntimeException none) {
      return null;
    }
  }

  private void lookIntoFields(Node node) {
    boolean closed = false;
    for (Class<?> type = node.object.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        boolean skipped = Modifier.isStatic(field.getModifiers()) || isLeftOut(field, type);
        if (!skipped && !field.getType().isPrimitive()) {
          closed |= !reach(field, node);
        }
      }
    }
    if (closed) {
      opaque.add(node);
    }
  }

  /** What is transient is written all the same where the class writes itself. */
  private static boolean isLeftOut(Field field, Class<?> type) {
    return Modifier.isTransient(field.getModifiers())
        && Stream.of(type.getDeclaredMethods())
            .noneMatch(method -> method.getName().equals("writeObject"));
  }

  /** Whether it could be read. */
  private boolean reach(Field field, Node node) {
    try {
      field.setAccessible(true);
      reach(field.get(node.object), node, "." + field.getName());
      return true;
    } catch (ReflectiveOperationException | RuntimeException closed) {
      return false;
    }
  }
}
