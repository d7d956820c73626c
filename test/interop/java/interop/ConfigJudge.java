package interop;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.zookeeper.server.quorum.QuorumPeer;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;

/**
 * What Java and Apache's QuorumPeerConfig make of a configuration. A line of standard input is a question, a word and
 * its argument in base64; a line of JSON answers it.
 *
 *   properties <bytes>   java.util.Properties: each key with its value, both trimmed
 *   config <path>        QuorumPeerConfig.parse of that file
 *   server <text>        QuorumPeer.QuorumServer of "server.1=<text>"
 *   host <text>          InetAddress.getByName, and how an InetSocketAddress of it prints
 */
public final class ConfigJudge {
    private ConfigJudge() {
    }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        StringBuilder out = new StringBuilder();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            int space = line.indexOf(' ');
            byte[] argument = Base64.getDecoder().decode(line.substring(space + 1));
            Object answer;
            try {
                answer = answer(line.substring(0, space), argument);
            } catch (Exception e) {
                Map<String, Object> refused = new LinkedHashMap<>();
                Throwable cause = e.getCause() == null ? e : e.getCause();
                refused.put("refused", String.valueOf(cause));
                answer = refused;
            }
            out.append(Json.write(answer)).append('\n');
        }
        System.out.print(out);
    }

    private static Object answer(String word, byte[] argument) throws Exception {
        switch (word) {
        case "properties":
            return properties(argument);
        case "config":
            return config(new String(argument, StandardCharsets.UTF_8));
        case "server":
            return server(new String(argument, StandardCharsets.UTF_8));
        case "host":
            return host(new String(argument, StandardCharsets.UTF_8));
        default:
            throw new IllegalArgumentException(word);
        }
    }

    private static Object properties(byte[] bytes) throws Exception {
        Properties properties = new Properties();
        properties.load(new ByteArrayInputStream(bytes));
        Map<String, Object> found = new TreeMap<>();
        for (Map.Entry<Object, Object> entry : properties.entrySet()) {
            String[] both = {entry.getKey().toString(), entry.getValue().toString()};
            found.put(both[0], java.util.List.of(both[1], both[0].trim(), both[1].trim()));
        }
        return found;
    }

    private static Object config(String path) throws Exception {
        QuorumPeerConfig.setStandaloneEnabled(true);
        QuorumPeerConfig.setReconfigEnabled(false);
        for (Object name : System.getProperties().keySet().toArray()) {
            if (name.toString().startsWith("zookeeper.")) {
                System.clearProperty(name.toString());
            }
        }
        QuorumPeerConfig config = new QuorumPeerConfig();
        config.parse(path);
        Map<String, Object> found = new TreeMap<>();
        found.put("dataDir", config.getDataDir().getAbsolutePath());
        found.put("dataLogDir", config.getDataLogDir().getAbsolutePath());
        InetSocketAddress client = config.getClientPortAddress();
        found.put("clientPort", client == null ? null : client.getPort());
        found.put("clientAddress", client == null ? null : client.getAddress().getHostAddress());
        found.put("tickTime", config.getTickTime());
        found.put("initLimit", config.getInitLimit());
        found.put("syncLimit", config.getSyncLimit());
        found.put("connectToLearnerMasterLimit", config.getConnectToLearnerMasterLimit());
        found.put("maxClientCnxns", config.getMaxClientCnxns());
        found.put("minSessionTimeout", config.getMinSessionTimeout());
        found.put("maxSessionTimeout", config.getMaxSessionTimeout());
        found.put("backlog", config.getClientPortListenBacklog());
        found.put("snapRetainCount", config.getSnapRetainCount());
        found.put("purgeInterval", config.getPurgeInterval());
        found.put("standaloneEnabled", QuorumPeerConfig.isStandaloneEnabled());
        found.put("quorumListenOnAllIPs", config.getQuorumListenOnAllIPs());
        found.put("distributed", config.isDistributed());
        found.put("myid", config.getServerId());
        found.put("members", config.isDistributed() ? config.getQuorumVerifier().toString() : null);
        Map<String, Object> properties = new TreeMap<>();
        for (Map.Entry<Object, Object> entry : System.getProperties().entrySet()) {
            String name = entry.getKey().toString();
            if (name.startsWith("zookeeper.")) {
                properties.put(name.substring("zookeeper.".length()), entry.getValue().toString());
            }
        }
        found.put("properties", properties);
        return found;
    }

    private static Object server(String text) throws Exception {
        return new QuorumPeer.QuorumServer(1, text).toString();
    }

    private static Object host(String text) throws Exception {
        Map<String, Object> found = new TreeMap<>();
        InetSocketAddress address = new InetSocketAddress(text, 1);
        found.put("printed", address.getHostString());
        found.put("address", address.isUnresolved() ? null : address.getAddress().getHostAddress());
        return found;
    }
}
