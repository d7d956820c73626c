package interop;

import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CheckedInputStream;
import org.apache.jute.BinaryInputArchive;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.StatPersisted;
import org.apache.zookeeper.server.NodeDigest;
import org.apache.zookeeper.server.persistence.FileHeader;
import org.apache.zookeeper.server.persistence.SnapStream;

/**
 * Prints a snapshot file in file order, one JSON line a part: the file header, the sessions, the ACL map, each node
 * (path, data, acl, stat, the digest of this node), then the trailing parts as far as the file has them, each with the checksum that
 * Apache's stream had computed there.
 */
public final class DumpSnapshot {
    private DumpSnapshot() {
    }

    private static void print(Object... fields) {
        Map<String, Object> line = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            line.put((String) fields[i], fields[i + 1]);
        }
        System.out.println(Json.write(line));
    }

    private static void seal(CheckedInputStream file, BinaryInputArchive in) throws IOException {
        long computed = file.getChecksum().getValue();
        long stored = in.readLong("val");
        print("part", "seal", "checksum", Long.toString(stored), "checksumOk", stored == computed, "path", in.readString("path"));
    }

    public static void main(String[] args) throws IOException {
        try (CheckedInputStream file = SnapStream.getInputStream(new File(args[0]))) {
            BinaryInputArchive in = BinaryInputArchive.getArchive(file);
            FileHeader header = new FileHeader();
            header.deserialize(in, "header");
            print("part", "header", "header", JsonArchive.show(header));

            List<Object> sessions = new ArrayList<>();
            for (int left = in.readInt("count"); left > 0; left--) {
                Map<String, Object> session = new LinkedHashMap<>();
                session.put("id", Long.toString(in.readLong("id")));
                session.put("timeout", in.readInt("timeout"));
                sessions.add(session);
            }
            print("part", "sessions", "sessions", sessions);

            for (int left = in.readInt("map"); left > 0; left--) {
                long id = in.readLong("long");
                List<Object> acls = null;
                int count = in.readInt("acls");
                if (count >= 0) {
                    acls = new ArrayList<>();
                }
                for (int i = 0; i < count; i++) {
                    ACL acl = new ACL();
                    acl.deserialize(in, "acl");
                    acls.add(JsonArchive.show(acl));
                }
                print("part", "acl", "id", Long.toString(id), "acl", acls);
            }

            long digest = 0;
            for (String path = in.readString("path"); !"/".equals(path); path = in.readString("path")) {
                byte[] data = in.readBuffer("data");
                long acl = in.readLong("acl");
                StatPersisted stat = new StatPersisted();
                stat.deserialize(in, "statpersisted");
                long nodeDigest = NodeDigest.of(path, data, stat);
                digest += nodeDigest;
                print("part", "node", "path", path, "data", JsonArchive.hex(data), "acl", Long.toString(acl),
                    "stat", JsonArchive.show(stat), "digest", Long.toString(nodeDigest));
            }
            print("part", "end of nodes", "digestOfAllNodes", Long.toString(digest));
            seal(file, in);
            try {
                print("part", "zxid digest", "zxid", Long.toString(in.readLong("zxid")), "digestVersion", in.readInt("digestVersion"),
                    "digest", Long.toString(in.readLong("digest")));
                seal(file, in);
                print("part", "last zxid", "zxid", Long.toString(in.readLong("lastZxid")));
                seal(file, in);
            } catch (EOFException e) {
                print("part", "end of file");
            }
        }
    }
}
