// Kafka Streams at least once: its state in memory with a changelog topic, one task a partition. `Streams TERMS THREADS`.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.ahocorasick.trie.Emit;
import org.ahocorasick.trie.Trie;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

public class Streams {
  static final double DECAY = Math.log(2) / 86_400;
  static final int KEYS = 20;
  static final AtomicLong done = new AtomicLong();
  static MappedByteBuffer meter;

  static class Job implements Processor<byte[], byte[], byte[], byte[]> {
    final Trie trie;
    final Map<String, Integer> terms;
    final ObjectMapper json = new ObjectMapper();
    KeyValueStore<String, byte[]> state;
    ProcessorContext<byte[], byte[]> context;

    Job(Trie trie, Map<String, Integer> terms) {
      this.trie = trie;
      this.terms = terms;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      this.state = context.getStateStore("counts");
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
      try {
        JsonNode article = json.readTree(record.value());
        String text = (article.get("title").asText() + " \n " + article.get("body").asText()).toLowerCase();
        double at = article.get("published_at").asDouble();
        Set<Integer> named = new HashSet<>();
        for (Emit found : trie.parseText(text)) named.add(terms.get(found.getKeyword()) % KEYS);
        for (int key : named) count(String.valueOf(key), at, record.timestamp());
      } catch (java.io.IOException error) {
        throw new RuntimeException(error);
      }
      meter.putLong(0, done.incrementAndGet());
    }

    void count(String key, double at, long timestamp) {
      byte[] before = state.get(key);
      double count = 0, since = 0;
      if (before != null) {
        ByteBuffer read = ByteBuffer.wrap(before);
        count = read.getDouble();
        since = read.getDouble();
      }
      if (at >= since) {
        count = count * Math.exp(-DECAY * (at - since)) + 1;
        since = at;
      } else {
        count += Math.exp(-DECAY * (since - at));
      }
      state.put(key, ByteBuffer.allocate(16).putDouble(count).putDouble(since).array());
      context.forward(new Record<>(key.getBytes(), ("[" + count + "," + since + "]").getBytes(), timestamp));
    }
  }

  public static void main(String[] given) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(given[0]));
    Map<String, Integer> terms = new HashMap<>();
    Trie.TrieBuilder building = Trie.builder();
    for (int n = 0; n < lines.size(); n++) {
      terms.put(lines.get(n), n);
      building.addKeyword(lines.get(n));
    }
    Trie trie = building.build();
    Path file = Path.of(System.getenv("BENCH_METER"));
    try (FileChannel shared = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      meter = shared.map(FileChannel.MapMode.READ_WRITE, 0, 8);
      meter.order(ByteOrder.LITTLE_ENDIAN);
    }
    Properties settings = new Properties();
    settings.put("application.id", System.getenv("BENCH_GROUP"));
    settings.put("bootstrap.servers", System.getenv("BENCH_BROKERS"));
    settings.put("auto.offset.reset", "earliest");
    settings.put("num.stream.threads", given[1]);
    settings.put("state.dir", System.getenv("BENCH_DATA"));
    settings.put("replication.factor", "1");
    StreamsBuilder flow = new StreamsBuilder();
    flow.addStateStore(
        Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("counts"), Serdes.String(), Serdes.ByteArray()));
    flow.stream(System.getenv("BENCH_TOPIC"), Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
        .process(() -> new Job(trie, terms), "counts")
        .to("bench-out", Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
    new KafkaStreams(flow.build(), settings).start();
    Thread.sleep(Long.MAX_VALUE);
  }
}
