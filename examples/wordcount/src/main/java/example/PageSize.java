package example;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public final class PageSize implements JobHandler<String, Integer> {

  private final HttpClient client = HttpClient.newHttpClient();

  @Override
  public Integer handle(String url, JobContext context) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    return client.send(request, BodyHandlers.ofByteArray()).body().length;
  }
}
