package example;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.tika.parser.pdf.PDFParserTest;

/** The documents by which Tika's makers test it, in a directory of their own. */
final class TestDocuments implements AutoCloseable {

  private final Path directory;

  TestDocuments() throws IOException {
    directory = Files.createTempDirectory("documents");
    try (InputStream jar =
            PDFParserTest.class.getProtectionDomain().getCodeSource().getLocation().openStream();
        ZipInputStream entries = new ZipInputStream(jar)) {
      for (ZipEntry entry = entries.getNextEntry(); entry != null; entry = entries.getNextEntry()) {
        if (entry.getName().matches("test-documents/[^/]+\\.pdf")) {
          Files.copy(entries, directory.resolve(Path.of(entry.getName()).getFileName()));
        }
      }
    }
  }

  /** One that makes Tika's mock parser do what the element says. */
  void addMock(String name, String element) throws IOException {
    String document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<mock>" + element + "</mock>\n";
    Files.writeString(directory.resolve(name), document);
  }

  List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(Path::toString).sorted().toList();
    }
  }

  @Override
  public void close() {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
