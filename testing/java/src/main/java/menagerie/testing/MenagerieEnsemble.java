package menagerie.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A ZooKeeper ensemble for tests, with a switch for everything that can go wrong. It is a process of its own, {@code
 * menagerie testing}, which ends with this one. Java 11 or newer, and nothing besides its own library.
 *
 * <p>Every switch has taken effect when its method returns. {@code MENAGERIE} in the environment says how Menagerie is
 * started; {@code npx --yes menagerie} otherwise.
 */
public final class MenagerieEnsemble implements AutoCloseable {
  private final Process process;
  private final HttpClient http = HttpClient.newHttpClient();
  private final String connectString;
  private final String control;

  public MenagerieEnsemble(int size) throws IOException {
    String command = System.getenv().getOrDefault("MENAGERIE", "npx --yes menagerie");
    List<String> words = new ArrayList<>(List.of(command.split(" +")));
    words.addAll(List.of("testing", "--size", Integer.toString(size)));
    process = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = output.readLine();
    if (line == null) throw new IOException(command + " ended; its reason is on standard error");
    connectString = text(line, "connectString");
    control = text(line, "control");
  }

  public String connectString() {
    return connectString;
  }

  /** The id of the server that leads, or is alone; -1 while there is none. */
  public int leader() {
    Matcher leader = Pattern.compile("\"leader\":(\\d+)").matcher(ask("GET", "/ensemble", null));
    return leader.find() ? Integer.parseInt(leader.group(1)) : -1;
  }

  /** The session is closed on every server when this returns. */
  public void expireSession(long session) {
    ask("POST", "/sessions/0x" + Long.toHexString(session) + "/expire", null);
  }

  /** Resets the connection of a session; returns how many there were. */
  public int cut(long session) {
    return number(ask("POST", "/connections/cut", "{\"session\":\"0x" + Long.toHexString(session) + "\"}"), "cut");
  }

  /** The operation is carried out, and the connection breaks before the client knows. */
  public Fault dropReply(String op, String path) {
    return fault("{\"kind\":\"dropReply\",\"op\":" + quoted(op) + ",\"path\":" + quoted(path) + "}");
  }

  /** The connection breaks before the server has the request. */
  public Fault dropRequest(String op, String path) {
    return fault("{\"kind\":\"dropRequest\",\"op\":" + quoted(op) + ",\"path\":" + quoted(path) + "}");
  }

  /** The operation is answered with this error, such as {@code noAuth}, and not carried out. */
  public Fault refuse(String op, String path, String error) {
    return fault(
        "{\"kind\":\"refuse\",\"op\":" + quoted(op) + ",\"path\":" + quoted(path) + ",\"error\":" + quoted(error) + "}");
  }

  /** A server stops as a process does that is not scheduled. */
  public Fault pause(int server) {
    return fault("{\"kind\":\"pause\",\"server\":" + server + "}");
  }

  /** Any fault of docs/TESTKIT.md, as JSON. */
  public Fault fault(String json) {
    return new Fault(number(ask("POST", "/faults", json), "id"));
  }

  public void undoAll() {
    ask("DELETE", "/faults", null);
  }

  public void kill(int server) {
    ask("POST", "/servers/" + server + "/kill", null);
  }

  public void restart(int server) {
    ask("POST", "/servers/" + server + "/restart", null);
  }

  public void elect(int server) {
    ask("POST", "/servers/" + server + "/elect", null);
  }

  /** Resolves when one leads, and all servers that run serve. */
  public void ready() {
    ask("POST", "/ready", null);
  }

  /** So much time passes at once, and clients that are connected keep their sessions. */
  public void advance(Duration time) {
    ask("POST", "/clock/advance", "{\"ms\":" + time.toMillis() + "}");
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      process.waitFor();
    } catch (IOException | InterruptedException e) {
      process.destroyForcibly();
    }
  }

  /** A fault that is switched on. */
  public final class Fault {
    private final int id;

    private Fault(int id) {
      this.id = id;
    }

    /** How often it struck; waits up to {@code atMost} for the first time. */
    public int hits(Duration atMost) {
      return number(ask("GET", "/faults/" + id + "?waitMs=" + atMost.toMillis(), null), "hits");
    }

    /** Switches it off; what it holds goes on. */
    public void undo() {
      ask("DELETE", "/faults/" + id, null);
    }
  }

  private String ask(String method, String path, String body) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(control + path)).timeout(Duration.ofSeconds(90));
    if (body == null) request.method(method, BodyPublishers.noBody());
    else request.method(method, BodyPublishers.ofString(body)).header("Content-Type", "application/json");
    try {
      HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
      if (response.statusCode() >= 300) throw new IllegalStateException(text(response.body(), "error"));
      return response.body();
    } catch (IOException e) {
      throw new IllegalStateException("the ensemble does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String text(String json, String key) {
    Matcher found = Pattern.compile("\"" + key + "\":\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
    if (!found.find()) throw new IllegalStateException("no " + key + " in " + json);
    return found.group(1);
  }

  private static int number(String json, String key) {
    Matcher found = Pattern.compile("\"" + key + "\":(\\d+)").matcher(json);
    if (!found.find()) throw new IllegalStateException("no " + key + " in " + json);
    return Integer.parseInt(found.group(1));
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }
}
