"""Pages whose article shows no price, above other goods that do: a neighbour's price and button are never this article's.
Made up, in the manner of shops."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crawler.extraction.extract import extract_page
from crawler.extraction.extracted import Extracted

NAME = "NVIDIA A100 80GB PCIe"
MARKED = f'<script type="application/ld+json">{{"@type": "Product", "name": "{NAME}", "sku": "X1"}}</script>'
CARD = "<{tag} class=product><a href=/p/{n}>NVIDIA H100 {n}</a><span class=price>${n}0,000.00</span><button>Add to cart</button></{tag}>"
TWO = "".join(CARD.format(tag="div", n=n) for n in (2, 3))
HEADINGS = {
    "en": "Related products|Similar items|You may also like|You might also like…|Recently viewed|More from this seller|More items to consider|Customers also viewed|"
    "Customers who bought this item also bought|Frequently bought together|Recommended for you|Sponsored products|People also bought|Other products|Compare with similar items|"
    "Pairs well with|Others also viewed|Best sellers|Popular products|Featured products|New arrivals|Your browsing history|Inspired by your views|You'll also love|"
    "Complete your order|Recommended accessories|Accessories|Trending now|Related items (12)|Alternatives",
    "de": "Ähnliche Artikel|Das könnte Ihnen auch gefallen|Kunden kauften auch|Wird oft zusammen gekauft|Zuletzt angesehen|Unsere Empfehlungen|Passendes Zubehör|Weitere Artikel des Verkäufers|"
    "Verwandte Produkte|Andere Kunden interessierten sich auch für|Kunden haben sich ebenfalls angesehen|Mehr von diesem Anbieter|Topseller|Alternativen|Auch interessant|Beliebte Produkte",
    "fr": "Produits similaires|Vous aimerez aussi|Produits associés|Les clients ont également acheté|Souvent achetés ensemble|Vus récemment|Produits apparentés|Vous pourriez aussi aimer|"
    "Autres articles du vendeur|Recommandé pour vous|Nos meilleures ventes|Derniers articles consultés|Accessoires",
    "es": "Productos relacionados|También te puede interesar|Productos similares|Comprados juntos habitualmente|Vistos recientemente|Los clientes también compraron|Más artículos de este vendedor|"
    "Recomendado para ti|Otros productos|Lo más vendido|Artículos relacionados|Quienes vieron este producto también compraron|Accesorios",
    "pt": "Produtos relacionados|Produtos similares|Você também pode gostar|Quem viu também comprou|Frequentemente comprados juntos|Vistos recentemente|Recomendado para você|Mais deste vendedor|"
    "Outros produtos|Talvez também goste|Mais vendidos|Quem comprou também levou",
    "it": "Prodotti correlati|Potrebbe interessarti anche|Articoli simili|Spesso comprati insieme|Visti di recente|Altri articoli del venditore|Consigliati per te|I clienti hanno acquistato anche|"
    "Ti potrebbe piacere|I più venduti|Accessori consigliati",
    "nl": "Gerelateerde producten|Vergelijkbare artikelen|Anderen bekeken ook|Vaak samen gekocht|Onlangs bekeken|Aanbevolen voor jou|Dit vind je misschien ook leuk|Meer van deze verkoper|Klanten kochten ook",
    "pl": "Podobne produkty|Polecane produkty|Ostatnio oglądane|Klienci kupili również|Może Ci się spodobać|Produkty powiązane|Inne oferty sprzedawcy|Często kupowane razem|Zobacz również|Inni klienci oglądali",
    "cs": "Podobné produkty|Související zboží|Mohlo by se vám líbit|Naposledy zobrazené|Zákazníci také koupili|Doporučujeme|Často kupováno společně",
    "sk": "Súvisiace produkty|Podobné tovary|Mohlo by sa vám páčiť|Naposledy prezerané|Odporúčame|Zákazníci kúpili aj",
    "sl": "Sorodni izdelki|Podobni izdelki|Priporočamo|Nazadnje ogledano|Morda vam bo všeč|Kupci so kupili tudi",
    "hr": "Povezani proizvodi|Slični proizvodi|Preporučujemo|Nedavno pregledano|Možda će vam se svidjeti|Kupci su kupili i",
    "sr": "Повезани производи|Слични производи|Препоручујемо",
    "hu": "Kapcsolódó termékek|Hasonló termékek|Ajánlott termékek|Legutóbb megtekintett|Mások ezt is megvették|Ez is érdekelheti",
    "ro": "Produse similare|Produse recomandate|Vizualizate recent|Te-ar putea interesa|Clienții au cumpărat și|Cumpărate frecvent împreună|Produse asemănătoare",
    "bg": "Подобни продукти|Свързани продукти|Препоръчани продукти|Наскоро разгледани|Може да харесате",
    "el": "Σχετικά προϊόντα|Παρόμοια προϊόντα|Προτεινόμενα|Είδατε πρόσφατα|Ίσως σας ενδιαφέρει|Αγοράστηκαν μαζί",
    "ru": "Похожие товары|Рекомендуем|С этим товаром покупают|Вам может понравиться|Вы недавно смотрели|Сопутствующие товары|Другие товары продавца|Аналоги|Просмотренные товары|Похожие объявления|Аксессуары",
    "uk": "Схожі товари|Рекомендуємо|Разом з цим купують|Вам може сподобатися|Переглянуті товари|Супутні товари|Інші товари продавця",
    "sv": "Liknande produkter|Relaterade produkter|Rekommenderas för dig|Senast visade|Andra köpte även|Köps ofta tillsammans|Du kanske också gillar",
    "da": "Lignende produkter|Relaterede produkter|Anbefalet til dig|Sidst sete|Andre købte også|Måske kan du også lide",
    "no": "Lignende produkter|Relaterte produkter|Anbefalt for deg|Sist sett|Andre kjøpte også|Du vil kanskje også like",
    "fi": "Samankaltaisia tuotteita|Saattaisit pitää myös|Viimeksi katsotut|Suosittelemme|Muut ostivat myös|Liittyvät tuotteet|Usein ostettu yhdessä",
    "et": "Sarnased tooted|Seotud tooted|Viimati vaadatud|Soovitame|Teised ostsid ka",
    "lv": "Līdzīgas preces|Saistītie produkti|Nesen skatītās|Iesakām|Tev varētu patikt",
    "lt": "Panašios prekės|Susijusios prekės|Neseniai peržiūrėtos|Rekomenduojame|Kiti taip pat pirko",
    "tr": "Benzer ürünler|İlgili ürünler|Bunu alanlar bunu da aldı|Son görüntülenenler|Önerilen ürünler|Birlikte sıkça alınanlar|Satıcının diğer ürünleri|Bunlar da ilginizi çekebilir",
    "ar": "منتجات ذات صلة|منتجات مشابهة|قد يعجبك أيضا|شوهد مؤخرا|العملاء اشتروا أيضا|إعلانات مشابهة|موصى به لك",
    "fa": "محصولات مشابه|محصولات مرتبط|کالاهای مشابه|شاید بپسندید",
    "he": "מוצרים דומים|מוצרים קשורים|אולי יעניין אותך|נצפו לאחרונה|מומלצים עבורך",
    "hi": "संबंधित उत्पाद|मिलते-जुलते उत्पाद|आपको यह भी पसंद आ सकता है",
    "zh-CN": "相关商品|猜你喜欢|为你推荐|看了又看|最近浏览|同类商品|热门推荐|店铺推荐|相似宝贝|其他商品|买了此商品的顾客还买了|推荐",
    "zh-TW": "相關商品|猜您喜歡|為您推薦|瀏覽紀錄|同類商品|您可能也喜歡|賣家其他商品|其他人也看了|推薦商品",
    "ja": "関連商品|おすすめ商品|最近チェックした商品|この商品を買った人はこんな商品も買っています|よく一緒に購入されている商品|類似商品|閲覧履歴|出品者のその他の商品|こちらもおすすめ|似ている商品",
    "ko": "관련 상품|추천 상품|함께 구매한 상품|최근 본 상품|비슷한 상품|이 상품을 본 고객이 함께 본 상품|판매자의 다른 상품|연관상품",
    "vi": "Sản phẩm liên quan|Sản phẩm tương tự|Có thể bạn cũng thích|Sản phẩm đã xem|Gợi ý cho bạn|Thường được mua cùng",
    "id": "Produk terkait|Produk serupa|Mungkin Anda juga suka|Terakhir dilihat|Rekomendasi untuk Anda|Lainnya di toko ini|Sering dibeli bersama",
    "ms": "Produk berkaitan|Anda mungkin juga suka|Baru dilihat|Disyorkan untuk anda",
    "th": "สินค้าที่เกี่ยวข้อง|สินค้าใกล้เคียง|คุณอาจจะชอบ|สินค้าแนะนำ|ดูล่าสุด",
}  # fmt: skip
ON_REQUEST = {
    "en": "Call for price|Call for Pricing|Price on request|Price upon request|POA|P.O.A.|Contact us for price|Contact us for pricing|Price: Call|Price: on request|Please call for price.|Request a price|"
    "Login to see price|Log in to see prices|Sign in for pricing|Email for price|Ask for price|Contact seller for price|Inquire for price|Pricing available on request|Contact for best price",
    "de": "Preis auf Anfrage|Preis: auf Anfrage|Preise auf Anfrage|Bitte Preis anfragen|Preise nur für registrierte Kunden|Preis nach Login sichtbar",
    "fr": "Prix sur demande|Prix : nous consulter|Nous consulter pour le prix|Tarif sur demande|Connectez-vous pour voir les prix",
    "es": "Precio a consultar|Consultar precio|Precio: consultar|Precio bajo consulta|Precio a petición|Solicitar precio|Inicia sesión para ver el precio",
    "pt": "Preço sob consulta|Consulte o preço|Preço: sob consulta|Valor sob consulta", "it": "Prezzo su richiesta|Prezzo: su richiesta|Richiedi prezzo|Accedi per vedere i prezzi",
    "nl": "Prijs op aanvraag|Prijs: op aanvraag|Log in voor prijzen", "pl": "Cena na zapytanie|Zapytaj o cenę|Cena: na zapytanie|Zaloguj się, aby zobaczyć cenę", "cs": "Cena na dotaz|Cena na vyžádání|Cena: na dotaz",
    "sk": "Cena na vyžiadanie|Cena na dopyt", "sl": "Cena na poizvedbo|Cena po dogovoru", "hr": "Cijena na upit", "hu": "Ár egyeztetés szerint|Kérjen árat|Az ár megtekintéséhez jelentkezzen be",
    "ro": "Preț la cerere|Cere preț", "bg": "Цена при запитване|Цена по запитване", "el": "Τιμή κατόπιν επικοινωνίας|Ρωτήστε για τιμή",
    "ru": "Цена по запросу|Цена: по запросу|Уточняйте цену|Цену уточняйте|Договорная цена|Цена договорная|Запросить цену", "uk": "Ціна за запитом|Уточнюйте ціну|Ціна договірна",
    "sv": "Pris på begäran|Begär pris|Logga in för att se priser", "da": "Pris på forespørgsel|Ring for pris", "no": "Pris på forespørsel|Ring for pris", "fi": "Hinta pyydettäessä|Kysy hintaa",
    "et": "Hind päringu alusel|Küsi hinda", "lv": "Cena pēc pieprasījuma", "lt": "Kaina pagal užklausą|Teirautis kainos", "tr": "Fiyat sorunuz|Fiyat için arayınız|Fiyat alınız",
    "ar": "السعر عند الطلب|اتصل لمعرفة السعر", "fa": "تماس بگیرید برای قیمت|استعلام قیمت", "he": "מחיר לפי בקשה", "hi": "कीमत के लिए संपर्क करें",
    "zh-CN": "价格面议|面议|电话询价|询价|价格：面议|登录查看价格", "zh-TW": "價格面議|來電洽詢價格|價格請洽詢|電洽", "ja": "価格はお問い合わせください|要見積|価格応談|価格：お問い合わせ",
    "ko": "가격 문의|가격문의|전화문의|가격: 별도문의|가격협의", "vi": "Giá: Liên hệ|Liên hệ để biết giá|Giá liên hệ", "id": "Hubungi untuk harga|Harga: hubungi kami|Harga sesuai permintaan", "th": "สอบถามราคา|ราคา: โทรสอบถาม",
}  # fmt: skip


def read(body: str, head: str = "", language: str = "en") -> Extracted:
    html = f"<html lang={language}><head><title>{NAME}</title>{head}</head><body>{body}</body></html>"
    return extract_page(html, url="https://shop.example/p/a100")


def no_offer(found: Extracted) -> None:
    assert (found.price_text, found.price_amount, found.availability) == (None, None, None), found.origins
    assert found.title == NAME


@pytest.mark.parametrize("head", [MARKED, ""], ids=["marked", "no markup"])
@pytest.mark.parametrize("language", HEADINGS)
def test_what_stands_behind_a_heading_over_other_goods_is_not_the_article(language: str, head: str) -> None:
    wrong = []
    for heading in HEADINGS[language].split("|"):
        # Cards without a link, so that the heading alone says whose price it is.
        found = read(f"<h1>{NAME}</h1><p>A fine card.</p><h2>{heading}</h2>" + TWO.replace(" href=", " data-href="), head, language)
        if (found.price_amount, found.availability, found.is_product) != (None, None, bool(head)):
            wrong.append(heading)
    assert wrong == []


@pytest.mark.parametrize("language", ON_REQUEST)
def test_a_price_told_on_request_is_not_shown(language: str) -> None:
    wrong = []
    for words in ON_REQUEST[language].split("|"):
        label, colon, value = words.replace("：", ":").partition(":")
        forms = [f"<p>{words}</p>"] + [f"<b>{label}:</b> <span>{value}</span>"] * bool(colon)
        wrong += [form for form in forms if read(f"<h1>{NAME}</h1>{form}<div><a href=/p/9>NVLink bridge</a> <b class=price>$199.00</b></div>", MARKED, language).price_amount]
    assert wrong == []


CARDS = "".join(f"<div class=product-card><a href=/p/{n}>NVIDIA H100 {n}</a><span class=price>${n}0,000.00</span></div>" for n in (2, 3, 4))
OF_THE_ARTICLE = (
    "Recommended retail price|Unverbindliche Preisempfehlung|Empfohlener Verkaufspreis|Odporúčaná cena|Priporočena cena|Preporučena cijena|Ajánlott fogyasztói ár|Рекомендуемая цена|Önerilen satış fiyatı|"
    "Препоръчана цена|Rekomenduojama kaina|Rekommenderat pris|Anbefalet pris|Aanbevolen prijs|Kunden sagen|Les clients disent|Zákazníci hodnotia|Klienci o produkcie|Σχετικά με το προϊόν|おすすめポイント|"
    "Recommended by the trade press|Includes all accessories|Comparison of prices|Technical data|Lieferumfang und Zubehör|People are watching this item"
)


@pytest.mark.parametrize("heading", OF_THE_ARTICLE.split("|"))
def test_headings_over_the_article_itself(heading: str) -> None:
    found = read(f"<h1>{NAME}</h1><div class=item-title>{heading}</div><del>$12,000.00</del><p>$9,000.00</p><button>Add to cart</button>")
    assert (found.price_amount, found.availability) == (Decimal(9000), "InStock")


WITHOUT_A_PRICE = {
    "two cards, no heading": f"<h1>{NAME}</h1><p>A fine card.</p>" + TWO,
    "two cards, one of them reduced": f"<h1>{NAME}</h1><p>A fine card.</p><ul><li class='product first'><a href=/p/2><img src=2.jpg><h3>H100</h3><span class=price>$20,000.00</span></a></li>"
    "<li class='product last'><a href=/p/3><img src=3.jpg><h3>H200</h3><span class=price><del>$40,000.00</del> <ins>$30,000.00</ins></span></a><button>Add to cart</button></li></ul>",
    "on request, one card": f"<h1>{NAME}</h1><p>Call for price</p><div class=card><a href=/p/2>NVIDIA H100</a><span class=price>$20,000.00</span></div>",
    "section": f"<main><div class=product><h1>{NAME}</h1><button>Request a quote</button></div></main><section><h2>You may also like</h2>{CARDS}</section>",
    "a link beside the heading": f"<h1>{NAME}</h1><div><div class=head><h3>Best sellers</h3><a href=/all>View all</a></div>" + TWO.replace(" href=", " data-href=") + "</div>",
    "heading in a wrapper of its own, a price in running text": f"<h1>{NAME}</h1><div class=row><h2>Recently viewed</h2></div><a href=/p/2>H100</a> $20,000.00 <button>Buy now</button>",
    "before the title": f"<div><h2>Recently viewed</h2><p class=price>$20,000.00</p><button>Add to cart</button></div><h1>{NAME}</h1><p>A fine card.</p>",
    "WooCommerce": f'<div class="summary entry-summary"><h1 class="product_title entry-title">{NAME}</h1><p class="price"></p><p>Contact us for pricing</p></div><section class="up-sells upsells products">'
    '<h2>You may also like&hellip;</h2><ul class="products columns-4">' + "".join(
        f'<li class="product"><a href=/product/h{n}/ class="woocommerce-LoopProduct-link"><h2 class="woocommerce-loop-product__title">NVIDIA H100 {n}</h2><span class="price"><bdi><span>$</span>{n}0,000.00</bdi>'
        '</span></a><a class="button add_to_cart_button">Add to cart</a></li>' for n in (2, 3)) + "</ul></section>",
    "a list of cards with the name behind the price": f"<h1>{NAME}</h1><p>A fine card.</p><ul>" + "".join(
        f"<li><b>${n}0,000.00</b> <a href=/p/{n}>H100 {n}</a> <button>Add to cart</button></li>" for n in range(2, 6)) + "</ul>",
    "nothing in the place of a price": f"<h1>{NAME}</h1><p class=price>$0.00</p><button>Request a quote</button>",
    "class alone": f"<h1>{NAME}</h1><p>A fine card.</p><div class=related-products><div><b>H100</b> <span class=price>$20,000.00</span><button>Add to cart</button></div></div>",
    "a neighbour marked as a product": f"<h1>{NAME}</h1><p>A fine card.</p>" + "".join(
        f"<div itemscope itemtype='http://schema.org/Product'><b itemprop=name>Heat sink {n}</b> <i>$20.00</i><button>Add to cart</button></div>" for n in (2, 3)),
    "a neighbour's words of stock": f"<h1>{NAME}</h1><p>Price on request</p><h2>Similar items</h2><div><b>H100</b> $20,000.00 <i>In stock</i></div>",
}  # fmt: skip


@pytest.mark.parametrize("head", [MARKED, ""], ids=["marked", "no markup"])
@pytest.mark.parametrize("name", WITHOUT_A_PRICE)
def test_an_article_without_a_price_takes_none_from_its_neighbours(name: str, head: str) -> None:
    found = read(WITHOUT_A_PRICE[name], head)
    no_offer(found)
    assert found.is_product is bool(head)


def test_a_neighbours_table_of_facts_is_not_the_articles() -> None:
    found = read(f"<h1>{NAME}</h1><h2>Related products</h2><table><tr><th>SKU</th><td>H100-2</td></tr><tr><th>Brand</th><td>HPE</td></tr></table>")
    assert (found.sku, found.brand) == (None, None)


PRICED = {
    "other goods before the price, in a part of their own": "<aside><h3>Customers also bought</h3><div><a href=/p/2>RTX 4090</a> <span class=price>$1,599.00</span></div></aside><p class=price>$9,000.00</p>{buy}",
    "other goods in a section before the price": "<section><h2>Similar items</h2>" + TWO + "</section><div><p>$9,000.00</p>{buy}</div>",
    "the next heading ends the other goods": "<h2>Related products</h2>" + TWO + "<h2>Price</h2><p>$9,000.00</p>{buy}",
    "recommended is said of the article": "<h2>Recommended by the trade press for its value</h2><p>$9,000.00</p>{buy}",
    "accessories come with the article": "<h3>All accessories are included in the box</h3><p>$9,000.00</p>{buy}",
    "variants lead elsewhere, the chosen one does not": "<ul><li><a href=/p/a100>80GB</a> <b>$9,000.00</b></li><li><a href=/p/a100-40>40GB</a> <b>$7,000.00</b></li></ul>{buy}",
    "on request is what more of them cost": "<p>$9,000.00</p><p>Call for price on larger quantities</p>{buy}",
    "a quote may be asked beside the price": "<p>$9,000.00</p><button>Request a quote</button>{buy}",
    "on request is the time of delivery": "<p>Lead time: on request</p><p>$9,000.00</p>{buy}",
    "a neighbour's price is on request": "<section><h2>Similar items</h2><a href=/p/2>H100</a> <b>Call for price</b></section><p>$9,000.00</p>{buy}",
    "a row of links and the price in rows alike": "<div class=row><a href=/brand/nvidia>NVIDIA</a></div><div class=row><span>$9,000.00</span> <a href=/shipping>plus shipping</a></div>{buy}",
    "prices by quantity": "<p>$9,000.00</p><table><tr><td>10+</td><td>$8,500.00</td></tr><tr><td>50+</td><td>$8,000.00</td></tr></table>{buy}",
    "pictures and button in a carousel": "<p>$9,000.00</p><div class=product-carousel><img src=1.jpg>{buy}</div>",
    "a buy box with a link to compare": "<p>$9,000.00</p><div class=compare-wishlist-cart>{buy}</div>",
    "priced, above other goods": "<p>$9,000.00</p>{buy}<h2>Related products</h2>" + TWO,
}  # fmt: skip


@pytest.mark.parametrize("name", PRICED)
def test_the_articles_own_price_stands_beside_other_goods(name: str) -> None:
    found = read(f"<h1>{NAME}</h1>" + PRICED[name].replace("{buy}", "<button>Add to cart</button>"))
    assert (found.price_amount, found.availability, found.is_product) == (Decimal(9000), "InStock", True), found.price_text


def test_a_title_is_no_heading_over_other_goods() -> None:
    for tag in ("h1", "h2", "div class=product-title"):
        found = extract_page(f"<title>Recommended accessories for the A100</title><{tag}>Recommended accessories for the A100</{tag.split()[0]}><p>$90.00</p><button>Add to cart</button>")
        assert found.price_amount == Decimal(90)


SPLIT = [
    ("<p class=price><span>$</span><span>9,000</span><sup>99</sup></p>", "en"),
    ("<span class=a-price><span class=a-offscreen>$9,000.99</span><span aria-hidden=true><span>$</span><span>9,000<span>.</span></span><span>99</span></span></span>", "en"),
    ("<span class=a-price><span aria-hidden=true><span>$</span><span class=a-price-whole>9,000<span class=a-price-decimal>.</span></span><span class=a-price-fraction>99</span></span></span>", "en"),
    ("<span class=price><span>$9,000</span><span>.99</span></span>", "en"),
    ("<span class=price><b>9.000</b><sup>99</sup><i>€</i></span>", "de"),
    ("<span class=price><b>9.000</b><i>,</i><sup>99</sup><i>€</i></span>", "de"),
    ("<span class=price><b>9 000</b><i>,99</i> €</span>", "fr"),
    ("<span class=price><b>9 000</b><sup>€99</sup></span>", "fr"),
    ("<span class=price>9 000<sup>€</sup><sup>99</sup></span>", "fr"),
]


@pytest.mark.parametrize(("shown", "language"), SPLIT, ids=[row[0] for row in SPLIT])
def test_cents_in_an_element_of_their_own_are_kept(shown: str, language: str) -> None:
    assert read(f"<h1>{NAME}</h1>{shown}<button>Add to cart</button>", language=language).price_amount == Decimal("9000.99")
