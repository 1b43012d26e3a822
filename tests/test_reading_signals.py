"""Sellers' sentences, each with the signal it carries and the words that are quoted for it, or with the signal that it only looks like."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest

from config.loader import Config
from detector.reading.model import Reading
from detector.reading.read import Reader
from storage.listing import Listing

TODAY = date(2026, 1, 1)
OFFER = {"site": "rows", "listing_id": "1", "title": "NVIDIA H100 80GB PCIe", "price_text": "$25,000"}

RENTED = {"title": "Аренда H100 80GB", "price_text": "150 ₽/час"}


@cache
def reader() -> Reader:
    return Reader(Config())


def read(language: str, country: str, text: str, **more: Any) -> Reading:
    more = {**(RENTED if "Аренда" in text else {}), **more}
    return reader().read(Listing.from_dict({**OFFER, "language": language, "country": country, "description": text, **more}), TODAY)


def quotes(reading: Reading, signal: str) -> list[str | None]:
    """What is quoted for a signal; a field's name where the field shows it."""
    return [s.text or s.field for s in reading.signals if s.signal == signal]


PLACED: list[tuple[str, str, str, dict[str, Any], str, str]] = [
    # A part of the listing's own location, named in the text, is where goods are; no list of places has them all.
    ("en", "CN", "Can demo at my place in Xinzhuang, metro line 1.", {"location": "Xinzhuang, Shanghai"}, "restricted_destination", "Xinzhuang"),
    ("ru", "RU", "Дата-центр в Кинешме, договор.", {"location": "Кинешма, Россия"}, "restricted_destination", "Кинешме"),
    ("ar", "AE", "البضاعة في المنطقة الحرة ونسلم في موسكو", {"location": "المنطقة الحرة، الشارقة"}, "transit_route", "المنطقة الحرة"),
    # Districts, ports, border crossings and airports stand for their country.
    ("en", "JP", "I fly HND to PVG every second week, the card comes along.", {}, "transit_route", "HND"),
    ("en", "US", "1.3M yen, we meet in Jing'an.", {}, "restricted_destination", "Jing'an"),
    ("zh", "TW", "跟著馬祖小三通的船到馬尾(福州)。", {}, "transit_route", "馬祖"),
    ("en", "US", "Ship from our Kwai Fong office every day except Sunday.", {}, "transit_route", "Kwai Fong"),
    ("en", "GB", "Our people at Mersin put it together and it wakes up in Minsk.", {}, "transit_route", "Mersin"),
    ("en", "DE", "Container leaves Mersin at the end of the month.", {}, "transit_route", "Mersin"),
    # Goods at home in a hub, sent on: what says that they are sent on is quoted too.
    ("zh", "HK", "荃灣面交,可發大連。", {}, "transit_route", "可發大連"),
    ("en", "MY", "Stock sits in Port Klang, you sign when the lorry reaches Nansha.", {}, "transit_route", "Port Klang"),
    ("vi", "VN", "Hàng nằm ở Lạng Sơn, tối đi sáng có mặt tại Bằng Tường.", {}, "transit_route", "Lạng Sơn"),
    # Handed over in another country than the seller's own: that is where goods go.
    ("zh", "TW", "我帶去金門,搭船過去五通碼頭面交給你。", {}, "restricted_destination", "五通碼頭"),
    ("tr", "TR", "Gürbulak'tan elden geçiriyoruz, Tahran'da kapıya kadar.", {}, "restricted_destination", "Tahran"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "country", "text", "more", "signal", "words"), PLACED, ids=[row[2] for row in PLACED])
def test_a_place_is_found_and_quoted(language: str, country: str, text: str, more: dict[str, Any], signal: str, words: str) -> None:
    found = quotes(read(language, country, text, **more), signal)
    assert any(quote and (words in quote or quote in words) for quote in found), found


LEFT_OUT: list[tuple[str, str, str, str]] = [
    # Asked for by others, and denied.
    ("en", "GB", "UK only, please stop messaging to ask if it can go to a friend in Hong Kong, it can't.", "restricted_destination"),
    ("de", "AT", "Nur weil jemand nach Minsk weiterverkaufen will – solche Anfragen lösche ich.", "restricted_destination"),
    ("ru", "KZ", "Отправлю только по Казахстану; россиянам, извините, не высылаю.", "restricted_destination"),
    ("ru", "KZ", "Россиянам: в РФ не отправляю.", "restricted_destination"),
    # Service that is denied, in the passive and with a modal verb.
    ("en", "SG", "Groups with headquarters in the PRC cannot be served from this site.", "restricted_destination"),
    ("zh", "TW", "中國大陸及港澳地區之用戶依規定無法開通。", "restricted_destination"),
    ("de", "DE", "Anfragen aus Russland werden abgelehnt.", "restricted_destination"),
    ("fr", "FR", "Les clients de Russie ne sont pas servis.", "restricted_destination"),
    ("en", "US", "Does it come from Hong Kong? No, it sits on my desk in Denver.", "transit_route"),
    # What becomes of buyers and orders that are not wanted; what is said of one place of a list goes for all.
    ("en", "US", "No exceptions for 'my cousin in Macau'.", "restricted_destination"),
    ("en", "US", "Orders going to Shenzhen get cancelled.", "restricted_destination"),
    ("en", "US", "If your shipping address is in Hong Kong, your order will be refunded.", "transit_route"),
    ("en", "US", "Not available to customers in China, Russia or Iran.", "restricted_destination"),
    ("en", "US", "Sorry friends in Russia, we are not allowed to sell to you.", "restricted_destination"),
    ("en", "GB", "I've had three offers from Hong Kong, all declined.", "restricted_destination"),
    ("zh", "SG", "中国内地、香港、澳门主体请勿申请，系统会拒。", "restricted_destination"),
    ("zh", "SG", "大陆、俄罗斯买家勿扰。", "restricted_destination"),
    ("zh", "TW", "對岸買家請繞道。", "restricted_destination"),
    ("ja", "JP", "中国の方からのお問い合わせが多いですが、輸出はできません。", "restricted_destination"),
    ("ko", "KR", "중국 업자분들 연락 사양합니다.", "restricted_destination"),
    ("de", "DE", "Anfragen aus Moskau werden gelöscht.", "restricted_destination"),
    # Bought there: it neither lies there nor goes there.
    ("en", "US", "Bought it while I lived in Shanghai, now in Boston.", "restricted_destination"),
    ("ja", "JP", "出張のついでに同僚に深センで買ってきてもらったモデルです。", "transit_route"),
    ("zh", "HK", "深圳過嚟嘅,香港有單。", "transit_route"),
    # Cut out of other words, or another thing's name.
    ("zh", "GB", "回国行李实在塞不下。", "restricted_destination"),
    ("zh", "HK", "數據中心甩出嚟,睇中即交收。", "transit_route"),
    ("ms", "MY", "Tak layan pos luar Malaysia, apatah lagi seberang Laut China Selatan.", "restricted_destination"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "country", "text", "signal"), LEFT_OUT, ids=[row[2] for row in LEFT_OUT])
def test_a_place_that_goods_do_not_go_to(language: str, country: str, text: str, signal: str) -> None:
    assert not quotes(read(language, country, text), signal)


def test_a_place_asked_for_and_granted_is_where_goods_go() -> None:
    assert quotes(read("en", "TR", "Customers asked us to send to Moscow, now a truck goes there every week."), "restricted_destination")


SAID: list[tuple[str, str, str, str, str]] = [
    # A number in brackets, spelled out, or a name with something between its letters; the sign of a messenger for its name.
    ("en", "US", "Speak with Dana at +1 (000) 000-0000.", "off_platform_contact", "+1 (000) 000-0000"),
    ("de", "DE", "Am besten per Anruf: null eins sechs null – 000 00 00.", "off_platform_contact", "null eins sechs null"),
    ("zh", "CN", "一三八零零零零零零零零，晚上打。", "off_platform_contact", "一三八零零零零零零零零"),
    ("de", "DE", "Hier lese ich selten, besser te le gram: sxm_0000", "off_platform_contact", "te le gram"),
    ("vi", "VN", "Trao đổi nhanh mời qua ứng dụng chữ Z xanh.", "off_platform_contact", "chữ Z xanh"),
    ("pt", "BR", "O preço de verdade passo no zap.", "off_platform_contact", "no zap"),
    # Not to issue, make or give a paper, in any wording; a paper that is lost; question and answer; German sets the paper first.
    ("en", "US", "This price can not make invoice, cheap because of that.", "no_paperwork", "can not make invoice"),
    ("en", "SG", "Receipt long gone la.", "no_paperwork", "Receipt long gone"),
    ("en", "US", "Bill? There isn't one.", "no_paperwork", "Bill? There isn't one"),
    ("zh", "CN", "工作室自己买的，发票找不着了。", "no_paperwork", "发票找不着"),
    ("de", "DE", "Einen Beleg kriegt ihr von mir keinen.", "no_paperwork", "Beleg kriegt ihr von mir keinen"),
    ("pt", "PT", "Factura não há nem vai haver.", "no_paperwork", "Factura não há"),
    ("ru", "RU", "Купил с рук, документов не дали.", "no_paperwork", "документов не дали"),
    # Goods that nobody can list, behind a paper and `as`, or behind a verb of what the paper says.
    ("en", "TR", "T1 papers are drawn up as aluminium radiators, trucks arrive in Krasnodar.", "export_evasion", "papers are drawn up as aluminium"),
    ("en", "MY", "The customs form write the same, because forwarder to Guangzhou want it like that.", "export_evasion", "customs form write"),
    ("en", "GE", "Weekly to Novorossiysk, on the CMR we are showing network adapters.", "export_evasion", "CMR we are showing"),
    ("de", "DE", "Weiter nach Nowosibirsk, in den Frachtpapieren steht Lüfterbaugruppe.", "export_evasion", "in den Frachtpapieren steht"),
    ("pt", "BR", "Enviamos pra Caracas de barco com guia de eletrodoméstico.", "export_evasion", "guia de eletrodoméstico"),
    ("hi", "IN", "Siliguri se Lhasa, challan pe CCTV DVR likha jaata hai.", "export_evasion", "challan pe CCTV DVR likha"),
    ("en", "SG", 'Singapore to Shenzhen, papers will call it "audio amplifier".', "export_evasion", 'papers will call it "audio amplifier'),
    ("en", "SG", 'Papers will call it "audio amplifier". Goes on to Shenzhen.', "export_evasion", 'Papers will call it "audio amplifier'),
    # Somebody else buys, signs or receives.
    ("en", "MY", "Your Beijing team signs via a pte ltd that we register for you.", "export_evasion", "that we register for you"),
    ("ru", "RU", "Покупателем выступит наша турецкая фирма, машина из Измира поедет к вам.", "export_evasion", "Покупателем выступит"),
    ("es", "MX", "Para el cliente de Caracas: la compra la hace una sociedad de Panamá.", "export_evasion", "la compra la hace"),
    # The customer's papers, in letting; carried by hand to where it may not go.
    ("ru", "RU", "Аренда по часам. Документов не просим.", "export_evasion", "Документов не просим"),
    ("en", "JP", "The card rides in my cabin bag to Shanghai.", "export_evasion", "cabin bag"),
    # A box of other goods that the card was put in; a name behind a bracket; a label whose verb leans on the name; a maker's name.
    ("en", "MY", "Already repack into Xiaomi air purifier carton.", "relabelled", "air purifier carton"),
    ("en", "US", "The shroud wears the badge of its cheaper cousin (A10).", "relabelled", "badge of its cheaper cousin (A10"),
    ("en", "US", "The tag stuck on it now is borrowed off a Quadro RTX 4000.", "relabelled", "tag stuck on it now is borrowed off a Quadro"),
    ("ru", "RU", "По документам и на коробке — Mellanox ConnectX, под крышкой другое.", "relabelled", "коробке — Mellanox"),
    ("ja", "JP", "外箱も納品書もL4の型番に差し替えてあります。", "relabelled", "外箱"),
    # Torn off together with another tag; a topic's pause; the slip that bears the number; a verb at the end; another card's sticker.
    ("zh", "TW", "條碼跟財產標籤依規定撕光了。", "serial_removed", "條碼跟財產標籤依規定撕光"),
    ("ja", "JP", "数字の列は、入手した時点でリューターで消されています。", "serial_removed", "数字の列は、入手した時点でリューター"),
    ("ja", "JP", "固有番号の紙は全部取り除いてあります。", "serial_removed", "固有番号の紙は全部取り除"),
    ("de", "DE", "Typenschilder und Gravuren hat die Leasingfirma vor der Übergabe wegfräsen lassen.", "serial_removed", "wegfräsen"),
    ("en", "CA", "The serial sticker on it belongs to a totally different card.", "serial_removed", "belongs to a totally different card"),
    ("ru", "BY", "Родную наклейку с s/n переклеили на чужую.", "serial_removed", "s/n переклеили"),
    ("en", "CN", "Labels of the modules were covered with black marker pen.", "serial_removed", "Labels of the modules were covered with"),
    ("en", "US", "24 became 48, new blower board.", "modified_hardware", "24 became 48"),
    ("pt", "PT", "Uma 4090 a que dobraram a memória.", "modified_hardware", "dobraram a memória"),
    ("tr", "TR", "Kartın belleği sonradan 48 gigabayta çıkarıldı.", "modified_hardware", "belleği sonradan 48 gigabayta çıkarıldı"),
    # Digits in words and figures, and masked behind the word for the telephone.
    ("en", "US", "Text Mike five one zero 5*5 00 00", "off_platform_contact", "five one zero 5*5 00 00"),
    ("zh", "CN", "电话一八六****0000", "off_platform_contact", "一八六****0000"),
    # A paper that is denied is not there, whatever else is; what another does not touch is no refusal to sell.
    ("en", "US", "No receipt but original box.", "no_paperwork", "No receipt"),
    ("de", "DE", "Keine Rechnung vorhanden.", "no_paperwork", "Keine Rechnung"),
    ("en", "US", "I don't have a receipt and PNY won't touch it for warranty", "no_paperwork", "don't have a receipt"),
    ("de", "DE", "Die Typenschilder samt Seriennr. mussten wir vor Freigabe ablösen", "serial_removed", "ablösen"),
    # The port that a trade offer has in a row of its own.
    ("en", "CN", "DDP to Moscow. Port: Hong Kong", "transit_route", "Hong Kong"),
    # A refusal to give a paper is no refusal to sell.
    ("zh", "CN", "不出任何单据。", "no_paperwork", "不出任何单据"),
    ("ru", "RU", "В наличии сотни штук, хватит всем.", "bulk_inventory", "сотни штук"),
    ("hi", "IN", "Jitna bologe utna mangwa denge, supply lagatar hai.", "bulk_inventory", "Jitna bologe"),
    # A supply, though no stock.
    ("en", "CN", "QTY: 60 pcs per week can arrange.", "bulk_inventory", "60 pcs per week"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "country", "text", "signal", "words"), SAID, ids=[row[2] for row in SAID])
def test_a_signal_is_said(language: str, country: str, text: str, signal: str, words: str) -> None:
    found = quotes(read(language, country, text), signal)
    assert any(quote and (words in quote or quote in words) for quote in found), found


UNSAID: list[tuple[str, str, str, str]] = [
    ("zh", "CN", "佛山陶瓷城，微信我不会弄，就这上头说。", "off_platform_contact"),
    ("ja", "JP", "Discordでの連絡はしません、コメントで。", "off_platform_contact"),
    ("en", "US", "It's all there and I read it to you on a video call.", "off_platform_contact"),
    ("en", "US", "Four, five, six of them are sold, one is left.", "off_platform_contact"),
    # An invoice without tax shown is one; so is one that stays with the card; a warranty that ran out is no missing paper.
    ("de", "DE", "Differenzbesteuert, Rechnung kommt also ohne gesondert ausgewiesene MwSt.", "no_paperwork"),
    ("en", "GB", "Scan invoice stays with it.", "no_paperwork"),
    ("en", "US", "Bill? In the box.", "no_paperwork"),
    ("en", "US", "The warranty is long gone, invoice in the box.", "no_paperwork"),
    ("fr", "FR", "Facture au nom, pas de garantie de ma part.", "no_paperwork"),
    # How the card once came home; common words that hold a short term; a wish that is refused.
    ("en", "IN", "Cousin carried it from Deira in hand luggage last Diwali.", "export_evasion"),
    ("ru", "RU", "Новая, из ОАЭ сам вёз в чемодане.", "export_evasion"),
    ("zh", "HK", "去年報錯,送維修。網卡按需配,風道改過所以溫度低。", "export_evasion"),
    ("zh", "HK", "有人問幫唔幫手寫禮物,通通唔得。", "export_evasion"),
    ("ru", "RU", "Перекрашивали до меня, зачем, не знаю.", "export_evasion"),
    # What is denied behind it, in languages that set the verb last; what is said of others; a paper at home.
    ("ja", "JP", "審査なしのお試しはご用意がございません。", "export_evasion"),
    ("hi", "IN", "Bina KYC account chalu nahi hota.", "export_evasion"),
    ("de", "DE", "Auf Anmeldung ohne Ausweis wartet man bei uns vergeblich.", "export_evasion"),
    ("vi", "VN", "Giá ghi là một con, lấy hết có quà.", "export_evasion"),
    ("en", "TR", "The papers are made out as usual, by law.", "export_evasion"),
    # A number's sticker, a customs paper and words of secrecy name no other model; who denies it says so before the name.
    ("ru", "BY", "Родную наклейку с s/n переклеили на чужую.", "relabelled"),
    ("en", "GE", "Weekly to Novorossiysk, on the CMR we are showing network adapters.", "relabelled"),
    ("en", "US", "Lid laser reads 'Intel Confidential'.", "relabelled"),
    ("id", "ID", "Bukan kartu lain yang ditempel stiker ya.", "relabelled"),
    ("zh", "CN", "给客户调色用的工作站卡，拆下换新的。", "relabelled"),
    # No such thing was done; a corner; a name plate for another model's; a habit of words.
    ("ko", "KR", "시리얼 훼손된 부품 하나도 없어요.", "serial_removed"),
    ("ko", "KR", "금액 칸은 그냥 아무 숫자나 넣었습니다.", "serial_removed"),
    ("ja", "JP", "型番と番号のシールは裏側に残っています。", "serial_removed"),
    ("zh", "CN", "盒子标签缺一角，卡背的号完整。", "serial_removed"),
    ("es", "ES", "Chapa con el número sin tocar.", "serial_removed"),
    ("en", "SG", "Anybody asking us to tear the sticker will be shown the escalator.", "serial_removed"),
    ("ja", "JP", "分解もBIOS書き換えもしたことありません。", "modified_hardware"),
    ("es", "ES", "El chip y las memorias siguen soldados.", "modified_hardware"),
    ("en", "US", "The box is from a 3090, the card was shipped loose.", "relabelled"),
    ("zh", "CN", "盒子是别的卡的，不配套。", "relabelled"),
    # Hidden in an editor; a cable; a parcel's label; nothing was done, or lacks.
    ("en", "US", "Serial number scribbled out in MS Paint for the ad only.", "serial_removed"),
    ("en", "US", "No serial cable included.", "serial_removed"),
    ("en", "US", "I peeled the FedEx label off the carton because it had my home address.", "serial_removed"),
    ("zh", "TW", "卡上跟盒上的號碼都沒動。", "serial_removed"),
    ("zh", "CN", "扫码枪一扫SN就出来，原厂贴一张没少。", "serial_removed"),
    ("ko", "KR", "구매 영수증 다 있음. 시리얼 스티커 훼손 없음, 만나서 확인하세요.", "serial_removed"),
    ("ja", "JP", "シリアルの削除や改ざんは一切ありません。", "serial_removed"),
    ("ru", "RU", "Стёртых серийников у нас не бывает.", "serial_removed"),
    # Another's mark was taken off, the maker's is whole; what one keeps away from.
    ("ru", "RU", "На проходной бирку предприятия срезали, а табличку производителя оставили, на ней всё видно.", "serial_removed"),
    ("en", "US", "The tag fell off in the heat, the engraved label underneath is readable.", "serial_removed"),
    ("hi", "IN", "Bina number wale card mat lena.", "serial_removed"),
    ("ja", "JP", "製造番号の削り・剥がし等は一切ありません。", "serial_removed"),
    ("de", "DE", "Genehmigungspflichtiges Gut: Wir liefern nur gegen unterschriebene Endverbleibserklärung.", "export_evasion"),
    # Question and answer; checks that are demanded.
    ("en", "SG", "H100 rental per hour. Can I sign up without an ID? No.", "export_evasion"),
    ("zh", "TW", "H100 時租,申租需填寫用途聲明,恕不提供境外IP帳號", "export_evasion"),
    ("ko", "KR", "법인만 계약 가능, 사용목적 확인서와 수출통제 서약서를 받습니다.", "export_evasion"),
    ("en", "US", "Buyers in China: please do not ask.", "restricted_destination"),
    ("de", "DE", "Ohne Rechnung nur auf Wunsch möglich.", "no_paperwork"),
    ("ja", "JP", "LINE交換はお断りします。", "off_platform_contact"),
    ("en", "US", "Please do not contact me on WhatsApp.", "off_platform_contact"),
    ("hi", "IN", "WhatsApp par baat nahi hogi.", "off_platform_contact"),
    # A least order of one piece.
    ("en", "CN", "We are leading trader of graphic cards. Minimum Order Quantity: 1 Piece", "bulk_inventory"),
    # A messenger as software; no trader.
    ("tr", "TR", "Kart yıllarca bir Telegram botunu besledi.", "off_platform_contact"),
    ("es", "ES", "Soy particular, no me dedico a la venta al por mayor.", "bulk_inventory"),
    ("ko", "KR", "도매 안 해요, 개인입니다.", "bulk_inventory"),
    # An official channel, a project's end, a pallet under one machine, and a habit are no stock.
    ("ko", "KR", "국내 총판 정식 유통품, 3년 무상보증.", "bulk_inventory"),
    ("id", "ID", "Satu modul, sisa proyek integrator.", "bulk_inventory"),
    ("en", "US", "One system, ships on a pallet.", "bulk_inventory"),
    ("en", "SG", "Every week got one fake courier officer.", "bulk_inventory"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "country", "text", "signal"), UNSAID, ids=[row[2] for row in UNSAID])
def test_a_signal_is_not_said(language: str, country: str, text: str, signal: str) -> None:
    assert not quotes(read(language, country, text), signal)


def test_the_makers_own_edition_with_more_memory_is_not_altered() -> None:
    for title, altered in (("NVIDIA H20 141G升级显存版", False), ("RTX 4090 48G升级显存版", True)):
        assert bool(quotes(read("zh", "CN", "现货一张", title=title, price_text="¥69000"), "modified_hardware")) == altered


DENIED: list[tuple[str, str, str]] = [
    # The words of a deed stand beside a mark, under a denial, a question, a condition: no votes of examples say it then.
    ("en", "US", "The serial has not been ground off."),
    ("en", "US", "Nobody has removed the serial number."),
    ("en", "US", "Is the serial number removed? No. All stickers in place."),
    ("en", "US", "Is the serial number gone? No."),
    ("en", "US", "If the serial number had been removed I would say so."),
    ("en", "US", "Warranty is void if the serial number is removed."),
    ("en", "US", "Other people grind off the serial numbers, never me."),
    ("en", "US", "Rest assured that no serial number has been erased."),
    ("en", "US", "A card with serial removed would be cheaper; this is not one."),
    ("en", "US", "My friend bought a card whose serial was ground off."),
    ("en", "US", "Never sold without invoice."),
    ("de", "DE", "Nicht ohne Rechnung."),
    ("vi", "VN", "Serial không hề bị mài."),
    ("de", "DE", "Seriennummer entfernt? Nein, alles dran."),
    ("de", "DE", "Falls die Seriennummer fehlt, bitte nicht kaufen – bei mir ist sie da."),
    ("es", "ES", "El número de serie no está borrado."),
    ("es", "ES", "Número de serie sin borrar, con factura."),
    ("pt", "BR", "Número de série não foi raspado."),
    ("pt", "BR", "Não teve o serial apagado."),
    ("tr", "TR", "Seri numarası silinmemiş."),
    ("tr", "TR", "Seri numarası kazınmamıştır, etiket üzerindedir."),
    ("tr", "TR", "Seri numarası sökülmedi."),
    ("tr", "TR", "Seri numarası silindi mi? Hayır."),
    ("ru", "RU", "Серийный номер удалён? Нет, на месте."),
    ("ja", "JP", "シリアルは削っていません。"),
    ("ja", "JP", "シリアルシールを剥がしたことはありません。"),
    ("ko", "KR", "시리얼 안 지웠습니다."),
    ("ko", "KR", "시리얼 지운 적 없습니다."),
    ("zh", "CN", "磨码的别问我，我这个是原码。"),
    ("zh", "CN", "序列号没被磨掉。"),
    ("zh", "CN", "序列号磨了吗？没有。"),
    ("vi", "VN", "Tem serial không bị bóc."),
    ("id", "ID", "Stiker nomor seri belum pernah dicabut."),
    ("hi", "IN", "Serial number mita hua nahi hai, sticker hai."),
    ("hi", "IN", "Serial number nahi mitaya gaya hai."),
]  # fmt: skip


@pytest.mark.parametrize(("language", "country", "text"), DENIED, ids=[row[2] for row in DENIED])
def test_a_loss_that_is_denied_asked_or_supposed_is_not_said(language: str, country: str, text: str) -> None:
    found = {s.signal for s in read(language, country, text).signals}
    assert not found & {"serial_removed", "no_paperwork"}


BOTH: list[tuple[str, str, str]] = [
    ("fr", "FR", "Numéro de série effacé, sans facture."),
    ("pt", "BR", "Número de série raspado, sem nota fiscal."),
    ("es", "ES", "Número de serie borrado y sin factura."),
    ("ar", "AE", "الرقم التسلسلي ممسوح وبدون فاتورة"),
    ("vi", "VN", "Serial đã mài, không hóa đơn."),
    ("ms", "MY", "Nombor siri dibuang, tiada resit."),
    ("zh", "CN", "码已磨，不开票。"),
    ("ru", "RU", "Серийник спилен, документов нет."),
]  # fmt: skip


@pytest.mark.parametrize(("language", "country", "text"), BOTH, ids=[row[2] for row in BOTH])
def test_a_sentence_may_say_two_things(language: str, country: str, text: str) -> None:
    assert {s.signal for s in read(language, country, text).signals} >= {"serial_removed", "no_paperwork"}


def test_a_question_that_is_answered_with_yes_is_said() -> None:
    assert quotes(read("de", "DE", "Seriennummer entfernt? Ja, leider."), "serial_removed")


STANDING_IN = [
    ("en", "US", "$1", "The pound is a dummy figure, tell me what it is worth to you.", "pound is a dummy figure"),
    ("ru", "RU", "1 ₽", "Рубль стоит, чтобы не пугать.", "Рубль стоит"),
    ("es", "ES", "1 €", "El euro está puesto porque la app no deja dejarlo en blanco.", "El euro está puesto porque"),
    ("zh", "HK", "HK$1", "個價係亂入嘅,傾好先改。", "亂入"),
    # No word for it that is known, but the coin or the figure that is shown is spoken of.
    ("de", "DE", "1 €", "Der Euro da oben wird es nicht.", "Der Euro da oben wird es nicht"),
    ("ja", "JP", "1円", "表示の金額は気にしないでください。", "表示の金額は気にしないでください"),
]


@pytest.mark.parametrize(("language", "country", "price", "text", "words"), STANDING_IN, ids=[row[3] for row in STANDING_IN])
def test_a_stand_in_is_quoted(language: str, country: str, price: str, text: str, words: str) -> None:
    found = quotes(read(language, country, text, price_text=price), "placeholder_price")
    assert any(quote and (words in quote or quote in words) for quote in found), found


def test_each_clause_that_carries_a_signal_is_quoted() -> None:
    text = "Card rides in my cabin bag to Shanghai, three trips, and your Beijing team signs via a pte ltd that we register for you."
    found = [s for s in read("en", "JP", text).signals if s.signal == "export_evasion"]
    said = " ".join(s.text or "" for s in found)
    assert "cabin bag" in said and "that we register for you" in said
    assert all(a.end <= b.start or b.end <= a.start for a in found for b in found if a is not b and a.end and b.end)
