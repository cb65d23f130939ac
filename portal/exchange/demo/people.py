"""Who works and studies at the demo institution. All addresses end alike, so that they are found again."""

from dataclasses import dataclass

DOMAIN = "@demo.example.org"
PASSWORD = "demo-pass-2026"  # noqa: S105 (made for everyone to know)


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the staff; `key` is their employee id, `mailbox` what stands before the domain."""

    key: str
    mailbox: str
    first_name: str
    last_name: str
    department: str = ""
    limit: int = 4
    locale: str = "en"

    @property
    def email(self) -> str:
        """Their address."""
        return self.mailbox + DOMAIN


ADMIN = Someone("DA-01", "admin", "Ingrid", "Sørlie")
HEAD = Someone("DM-01", "manager", "Thandiwe", "Mokoena")
# Answers for some departments only.
DEPUTY = Someone("DM-02", "clara.beaumont", "Clara", "Beaumont-Lefèvre", locale="fr")
DEPUTY_DEPARTMENTS = ("BUSM", "LAWS", "LANG")

FACILITATORS = (
    Someone("DF-01", "facilitator", "Amara", "Okafor", "NURS", 6),
    Someone("DF-02", "y.tamrat", "Yohannes", "Tamrat", "NURS"),
    Someone("DF-03", "m.garcia", "María José", "García Lorca", "COMP"),
    Someone("DF-04", "n.alrashid", "نور", "الراشد", "COMP"),
    Someone("DF-05", "k.sato", "恵子", "佐藤", "COMP", 2),
    Someone("DF-06", "j.uwimana", "Jean-Baptiste", "Uwimana", "TEDU", locale="fr"),
    Someone("DF-07", "o.benhaim", "אורלי", "בן־חיים", "TEDU"),
    Someone("DF-08", "d.ivanova", "Дарья", "Иванова", "BUSM", 3),
    Someone("DF-09", "s.nguyen", "Nguyễn", "Thị Thanh Hương", "LAWS"),
    Someone("DF-10", "f.moreau", "Françoise", "Moreau", "ENGI", 3, locale="fr"),
    Someone("DF-11", "p.sharma", "प्रिया", "शर्मा", "ENGI"),
    Someone("DF-12", "k.kim", "서연", "김", "AGRI"),
    Someone("DF-13", "l.oconnor", "Líadan", "Ó Conchúir", "LANG"),
    Someone("DF-14", "w.vanderberg", "Willemijn Annelies Geertruida", "van den Oudenaarden-Scheltema", "LANG"),
    Someone("DF-15", "c.inonu", "Çisem", "İnönü", "LANG", 2),
)

STUDENT = Someone("DS-0001", "student", "Lindiwe", "Dlamini")

# First and last names that go together, a language a line.
NAMES: tuple[tuple[str, str], ...] = (
    ("Thabo Sipho Nomsa Zanele Bongani Naledi Lerato Themba", "Nkosi Dlamini Khumalo Mthembu Sithole Ndlovu Zulu"),
    ("Chidi Adaeze Emeka Ifeoma Tunde Folasade Ngozi Segun", "Eze Adeyemi Okonkwo Balogun Nwosu Afolabi Ojukwu"),
    ("Aline Eric Diane Patrick Claudine Innocent Solange", "Mukamana Habimana Ingabire Niyonzima Uwase Mugisha"),
    ("Wanjiru Otieno Achieng Kamau Njeri Kipchoge Akinyi", "Mwangi Odhiambo Kariuki Wambui Cheruiyot Onyango"),
    ("Camille Théo Maëlle Loïc Élodie Hélène Gaël Zoé", "Lefèvre Dubois Béranger d’Aubigné Le Goff Noël"),
    ("Lucía Íñigo Sofía Martín Begoña Joaquín Inés", "Muñoz Peña Álvarez Ibáñez Núñez Castaño"),
    ("João Beatriz Gonçalo Inês Conceição Caetano", "Gonçalves Araújo Magalhães Simões Falcão"),
    ("Jürgen Käthe Björn Annika Sören Friederike", "Müller Groß Schäfer Weiß Löwe Jäger"),
    ("Łukasz Małgorzata Agnieszka Wojciech Żaneta", "Wójcik Dąbrowska Zieliński Łukaszewska"),
    ("Øystein Åse Bjørk Þóra Guðrún Søren", "Ødegård Ångström Þorsteinsdóttir Nygård"),
    ("Зоя Михаил Наталья Олексій Ганна", "Петренко Соколова Шевченко Кузнецов"),
    ("Ελένη Νίκος Δήμητρα Γιώργος", "Παπαδοπούλου Νικολάου Καραγιάννης"),
    ("فاطمة محمد ليلى يوسف مريم عمر", "الخطيب حداد المنصوري بن_علي النجار"),
    ("נועה איתי שירה יונתן תמר", "כהן לוי פרידמן אברהמי"),
    ("伟 芳 秀英 强 静 洋", "王 李 张 刘 陈 欧阳"),
    ("지우 민준 하은 도윤 서준", "이 박 최 정 강"),
    ("さくら 蓮 陽菜 悠真", "鈴木 高橋 田中 渡辺"),
    ("अनन्या रोहन मीरा अर्जुन", "वर्मा गुप्ता सिंह अय्यर"),
    ("Siobhán Oisín Niamh Tadhg", "Ní_Bhriain Ó_Súilleabháin Mac_Giolla Byrne"),
    ("Minh Lan Quốc Thảo", "Trần Lê Phạm Đặng"),
    ("Ayşe Ömer Gülşen İsmail", "Yıldız Öztürk Çelik Şahin"),
    (
        "Wolfeschlegelsteinhausenbergerdorff Keihanaikukauakahihuliheekahaunaele Nebuchadnezzar",
        "Featherstonehaugh-Cholmondeley-Smythe",
    ),
)
