package interop;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.jute.OutputArchive;
import org.apache.jute.Record;

/**
 * Shows a jute record as a tree instead of bytes: records become maps by field name, vectors lists, ints numbers,
 * longs decimal strings, buffers hex strings, null stays null. A field name that repeats inside one record (the
 * parts of a multi) makes its value a list of all of them, in order.
 */
public final class JsonArchive implements OutputArchive {
    private final Deque<Object> open = new ArrayDeque<>();
    private final Map<Object, List<String>> repeated = new java.util.IdentityHashMap<>();
    private Object root;

    public static Object show(Record record) throws IOException {
        if (record == null) {
            return null;
        }
        JsonArchive archive = new JsonArchive();
        record.serialize(archive, "root");
        return archive.root;
    }

    static String hex(byte[] bytes) {
        if (bytes == null) {
            return null;
        }
        StringBuilder out = new StringBuilder();
        for (byte b : bytes) {
            out.append(String.format("%02x", b));
        }
        return out.toString();
    }

    @SuppressWarnings("unchecked")
    private void put(Object value, String tag) {
        Object parent = open.peek();
        if (parent == null) {
            root = value;
        } else if (parent instanceof List) {
            ((List<Object>) parent).add(value);
        } else {
            Map<String, Object> map = (Map<String, Object>) parent;
            if (!map.containsKey(tag)) {
                map.put(tag, value);
                return;
            }
            List<String> tags = repeated.computeIfAbsent(map, key -> new ArrayList<>());
            if (!tags.contains(tag)) {
                tags.add(tag);
                List<Object> all = new ArrayList<>();
                all.add(map.get(tag));
                map.put(tag, all);
            }
            ((List<Object>) map.get(tag)).add(value);
        }
    }

    @Override public void writeByte(byte b, String tag) {
        put((int) b, tag);
    }

    @Override public void writeBool(boolean b, String tag) {
        put(b, tag);
    }

    @Override public void writeInt(int i, String tag) {
        put(i, tag);
    }

    @Override public void writeLong(long l, String tag) {
        put(Long.toString(l), tag);
    }

    @Override public void writeFloat(float f, String tag) {
        put(f, tag);
    }

    @Override public void writeDouble(double d, String tag) {
        put(d, tag);
    }

    @Override public void writeString(String s, String tag) {
        put(s, tag);
    }

    @Override public void writeBuffer(byte[] buf, String tag) {
        put(hex(buf), tag);
    }

    @Override public void writeRecord(Record r, String tag) throws IOException {
        if (r == null) {
            put(null, tag);
        } else {
            r.serialize(this, tag);
        }
    }

    @Override public void startRecord(Record r, String tag) {
        Map<String, Object> map = new LinkedHashMap<>();
        put(map, tag);
        open.push(map);
    }

    @Override public void endRecord(Record r, String tag) {
        open.pop();
    }

    @Override public void startVector(List<?> v, String tag) {
        List<Object> list = v == null ? null : new ArrayList<>();
        put(list, tag);
        open.push(list == null ? new ArrayList<>() : list);
    }

    @Override public void endVector(List<?> v, String tag) {
        open.pop();
    }

    @Override public void startMap(TreeMap<?, ?> v, String tag) {
        throw new UnsupportedOperationException("no ZooKeeper record holds a map");
    }

    @Override public void endMap(TreeMap<?, ?> v, String tag) {
        throw new UnsupportedOperationException("no ZooKeeper record holds a map");
    }

    @Override public long getDataSize() {
        return 0;
    }
}
