import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/**
 * The work of Java's own client, as a process of its own; arguments and protocol as node-work.ts. One at a time it is asked by its
 * calls that wait; pipelined, by those with callbacks.
 */
public final class JavaWork {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final ZooKeeper client;
  private final String[] paths;
  private final byte[] data;
  private int[] versions;

  private JavaWork(ZooKeeper client, int nodes, int bytes) {
    this.client = client;
    paths = new String[nodes];
    for (int i = 0; i < nodes; i++) paths[i] = "/bench/" + i;
    data = new byte[bytes];
    Arrays.fill(data, (byte) 'x');
  }

  public static void main(String[] args) throws Exception {
    CountDownLatch connected = new CountDownLatch(1);
    Watcher onState = event -> {
      if (event.getState() == KeeperState.SyncConnected) connected.countDown();
    };
    ZooKeeper client = new ZooKeeper(args[0], 30000, onState);
    connected.await();
    JavaWork work = new JavaWork(client, Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    System.out.println("ready");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      if (words[0].equals("watch")) {
        work.watch(Integer.parseInt(words[1]));
        continue;
      }
      boolean isRead = words[1].equals("read");
      int underWay = Integer.parseInt(words[2]);
      long nanos = Long.parseLong(words[3]) * 1_000_000;
      System.out.println(underWay == 1 ? work.oneAtATime(isRead, nanos) : work.pipelined(isRead, underWay, nanos));
    }
    client.close();
  }

  private String oneAtATime(boolean isRead, long nanos) throws Exception {
    versions = noVersions();
    long[] took = new long[1 << 16];
    int n = 0;
    long cpu = PROCESS.getProcessCpuTime();
    long began = System.nanoTime();
    Stat stat = new Stat();
    for (long asked = began; asked - began < nanos; asked = System.nanoTime()) {
      int i = n % paths.length;
      if (isRead) checkData(i, client.getData(paths[i], false, stat));
      else checkVersion(i, client.setData(paths[i], data, -1));
      if (n == took.length) took = Arrays.copyOf(took, 2 * n);
      took[n++] = System.nanoTime() - asked;
    }
    String figures = figures(n, System.nanoTime() - began, PROCESS.getProcessCpuTime() - cpu);
    Arrays.sort(took, 0, n);
    return figures + " " + took[n / 2] / 1e3 + " " + took[(int) (0.99 * n)] / 1e3;
  }

  private String pipelined(boolean isRead, int underWay, long nanos) throws Exception {
    versions = noVersions();
    Pipeline pipeline = new Pipeline(isRead, nanos);
    long cpu = PROCESS.getProcessCpuTime();
    for (int i = 0; i < underWay; i++) pipeline.ask();
    pipeline.over.await();
    long took = System.nanoTime() - pipeline.began;
    return figures(pipeline.answered, took, PROCESS.getProcessCpuTime() - cpu) + " 0 0";
  }

  /** Callbacks come in one thread; only the first requests are asked by another. */
  private final class Pipeline {
    final CountDownLatch over = new CountDownLatch(1);
    final long began = System.nanoTime();
    final AtomicInteger asked = new AtomicInteger();
    volatile int answered;
    private final boolean isRead;
    private final long nanos;

    Pipeline(boolean isRead, long nanos) {
      this.isRead = isRead;
      this.nanos = nanos;
    }

    void ask() {
      int i = asked.getAndIncrement() % paths.length;
      if (isRead) {
        client.getData(paths[i], false, (code, path, context, found, stat) -> {
          checkCode(code, path);
          checkData(i, found);
          onAnswered();
        }, null);
        return;
      }
      client.setData(paths[i], data, -1, (code, path, context, stat) -> {
        checkCode(code, path);
        checkVersion(i, stat);
        onAnswered();
      }, null);
    }

    private void onAnswered() {
      answered = answered + 1;
      if (System.nanoTime() - began < nanos) ask();
      else if (answered == asked.get()) over.countDown();
    }
  }

  private void watch(int underWay) throws Exception {
    Set<String> waiting = ConcurrentHashMap.newKeySet();
    CountDownLatch set = new CountDownLatch(paths.length);
    CountDownLatch fired = new CountDownLatch(paths.length);
    Watcher watcher = event -> {
      if (event.getType() != EventType.NodeDataChanged) return;
      if (!waiting.remove(event.getPath())) fail("a watch fired at " + event.getPath() + ", where there is none");
      fired.countDown();
    };
    AtomicInteger asked = new AtomicInteger();
    Runnable ask = new Runnable() {
      @Override
      public void run() {
        int i = asked.getAndIncrement();
        if (i >= paths.length) return;
        client.getData(paths[i], watcher, (code, path, context, found, stat) -> {
          checkCode(code, path);
          checkData(i, found);
          waiting.add(path);
          set.countDown();
          this.run();
        }, null);
      }
    };
    long cpu = PROCESS.getProcessCpuTime();
    long began = System.nanoTime();
    for (int i = 0; i < underWay; i++) ask.run();
    set.await();
    System.out.println("set " + (System.nanoTime() - began) / 1e9);
    fired.await();
    System.out.println("fired " + (PROCESS.getProcessCpuTime() - cpu) / 1e9);
  }

  private int[] noVersions() {
    int[] none = new int[paths.length];
    Arrays.fill(none, -1);
    return none;
  }

  private void checkCode(int code, String path) {
    if (code != 0) fail(path + " was answered with " + code);
  }

  private void checkData(int i, byte[] found) {
    if (!Arrays.equals(data, found)) fail(paths[i] + " was read as " + Arrays.toString(found));
  }

  private void checkVersion(int i, Stat stat) {
    int before = versions[i];
    if (before >= 0 && stat.getVersion() != before + 1) {
      fail(paths[i] + " went from version " + before + " to " + stat.getVersion());
    }
    versions[i] = stat.getVersion();
  }

  private static String figures(int operations, long nanos, long cpuNanos) {
    return operations + " " + nanos / 1e9 + " " + cpuNanos / 1e9;
  }

  private static void fail(String reason) {
    System.err.println(reason);
    Runtime.getRuntime().halt(1);
  }
}
