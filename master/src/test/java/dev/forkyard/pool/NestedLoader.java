package dev.forkyard.pool;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.security.cert.Certificate;
import java.util.HashMap;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarInputStream;

/** Loads classes from jars in a jar, whose code they say came from {@code jar:file:...!/...!/}. */
final class NestedLoader extends ClassLoader {

  private final Map<String, byte[]> classes = new HashMap<>();
  private final Map<String, String> origins = new HashMap<>();

  NestedLoader(Path app) throws IOException {
    super(ClassLoader.getPlatformClassLoader());
    try (JarFile jar = new JarFile(app.toFile())) {
      for (JarEntry each : (Iterable<JarEntry>) jar.stream()::iterator) {
        if (each.getName().startsWith("BOOT-INF/lib/")) {
          byte[] bytes = jar.getInputStream(each).readAllBytes();
          readNested(bytes, "jar:file:" + app + "!/" + each.getName() + "!/");
        }
      }
    }
  }

  private void readNested(byte[] jar, String origin) throws IOException {
    try (JarInputStream in = new JarInputStream(new ByteArrayInputStream(jar))) {
      for (JarEntry each = in.getNextJarEntry(); each != null; each = in.getNextJarEntry()) {
        if (each.getName().endsWith(".class")) {
          String name = each.getName().replace('/', '.').replaceAll("\\.class$", "");
          classes.put(name, in.readAllBytes());
          origins.put(name, origin);
        }
      }
    }
  }

  @Override
  @SuppressWarnings("deprecation") // URL's constructor, which newer JDKs would have otherwise
  protected Class<?> findClass(String name) throws ClassNotFoundException {
    byte[] bytes = classes.get(name);
    if (bytes == null) {
      throw new ClassNotFoundException(name);
    }
    try {
      CodeSource source = new CodeSource(new URL(origins.get(name)), (Certificate[]) null);
      return defineClass(name, bytes, 0, bytes.length, new ProtectionDomain(source, null));
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }
}
