package interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.admin.ZooKeeperAdmin;
import org.apache.zookeeper.data.Stat;

/**
 * ZooKeeperAdmin, one change of the members after the other. Argument: the server. Each line of standard input is
 *
 *   how joining leaving members version        separated by tabs; "-" is null; how is strings, lists or async
 *   auth scheme:id                             an identity is added
 *
 * and each is answered by one line: the members and the version of the config node, or the name of the exception's code.
 */
public class Reconfigure {
  public static void main(String[] args) throws Exception {
    CountDownLatch connected = new CountDownLatch(1);
    ZooKeeperAdmin admin = new ZooKeeperAdmin(args[0], 10_000, event -> {
      if (event.getState() == KeeperState.SyncConnected) connected.countDown();
    });
    connected.await();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split("\t");
      if (words[0].equals("auth")) {
        admin.addAuthInfo("digest", words[1].getBytes());
        System.out.println("auth");
        continue;
      }
      System.out.println(answer(admin, words));
    }
    admin.close();
  }

  private static String answer(ZooKeeperAdmin admin, String[] words) throws Exception {
    String joining = orNull(words[1]);
    String leaving = orNull(words[2]);
    String members = orNull(words[3]);
    long version = Long.parseLong(words[4], 16);
    if (words[4].equals("-1")) version = -1;
    Stat stat = new Stat();
    try {
      switch (words[0]) {
        case "strings":
          return shown(admin.reconfigure(joining, leaving, members, version, stat), stat);
        case "lists":
          return shown(admin.reconfigure(list(joining), list(leaving), list(members), version, stat), stat);
        default:
          BlockingQueue<String> answers = new ArrayBlockingQueue<>(1);
          admin.reconfigure(joining, leaving, members, version, (code, path, context, data, answered) -> {
            KeeperException.Code name = KeeperException.Code.get(code);
            answers.add(code == 0 ? shown(data, answered) : name + " " + path + " " + context);
          }, "context");
          return answers.take();
      }
    } catch (KeeperException error) {
      return error.code() + " " + error.getPath();
    }
  }

  private static String shown(byte[] data, Stat stat) {
    return new String(data).replace('\n', ' ') + " | " + stat.getVersion() + " " + Long.toHexString(stat.getMzxid())
        + " " + stat.getDataLength() + " " + stat.getNumChildren();
  }

  private static String orNull(String word) {
    return word.equals("-") ? null : word;
  }

  private static List<String> list(String words) {
    return words == null ? null : Arrays.asList(words.split(","));
  }
}
