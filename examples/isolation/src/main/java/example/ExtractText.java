package example;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.tika.exception.TikaException;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.parser.AutoDetectParser;
import org.apache.tika.sax.BodyContentHandler;
import org.xml.sax.SAXException;

/** The text of a document, by Apache Tika, which reads what anybody may have made. */
public final class ExtractText implements JobHandler<String, String> {

  private final AutoDetectParser parser = new AutoDetectParser();

  @Override
  public String handle(String file, JobContext context)
      throws IOException, TikaException, SAXException {
    BodyContentHandler text = new BodyContentHandler(-1);
    try (InputStream document = Files.newInputStream(Path.of(file))) {
      parser.parse(document, text, new Metadata());
    }
    return text.toString();
  }
}
