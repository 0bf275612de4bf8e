package dev.forkyard.benchmarks.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** The report as one page that needs nothing else: the chart library and the figures are in it. */
final class HtmlReport {

  private static final String LIBRARY = "chart.js";

  private HtmlReport() {}

  static String of(String json) throws IOException {
    // No text of a script element may look like its end.
    return resource("page.html")
        .replace("/*STYLE*/", resource("page.css"))
        .replace("/*LIBRARY*/", library())
        .replace("/*PAGE*/", resource("page.js"))
        .replace("/*REPORT*/", json.replace("</", "<\\/"));
  }

  private static String library() throws IOException {
    Properties pom = new Properties();
    try (InputStream version = HtmlReport.class.getResourceAsStream("library.properties")) {
      pom.load(version);
    }
    return resource(
        "/META-INF/resources/webjars/%s/%s/dist/chart.umd.js"
            .formatted(LIBRARY, pom.getProperty("version")));
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("the page's part " + name + " is missing");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
